//! Selections of stages, images and named contexts, of which is not known what they hold before they are built.

use std::collections::BTreeSet;

use super::region::{Node, Region, Split, Tree, own_parts, places};
use super::want::{Frame, Patterns};

/// Their regions. A path in one may be a link, or a directory of another mode, so nothing inside of another selection is taken out of that: who has both has the outer one.
pub(super) fn one_by_one(frame: &Frame, tree: &Tree, split: &mut Split) {
    let mut stack: Vec<(&Vec<String>, BTreeSet<usize>)> = Vec::new();
    for (path, node) in tree {
        while stack.last().is_some_and(|(above, _)| !path.starts_with(above)) {
            stack.pop();
        }
        let above = stack.last().map(|(_, plain)| plain.clone()).unwrap_or_default();
        let own = |who: &BTreeSet<usize>| who.difference(&above).copied().collect::<BTreeSet<_>>();
        let filtered = node.filtered.iter().map(|(patterns, who)| (patterns.clone(), own(who)));
        let filtered = filtered.filter(|(_, who)| !who.is_empty()).collect();
        let node = Node { plain: own(&node.plain), filtered, spans: node.spans.clone() };
        let parts = own_parts(&node, &node.plain, &[]).unwrap_or_else(|| {
            let plain = (Patterns::default(), node.plain.clone());
            [plain].into_iter().chain(node.filtered.clone()).collect()
        });
        for (patterns, consumers) in parts.into_iter().filter(|(_, consumers)| !consumers.is_empty()) {
            split.regions.push(Region {
                frame: frame.clone(),
                path: path.clone(),
                patterns,
                spans: places(&node.spans, &consumers),
                consumers: consumers.into_iter().collect(),
            });
        }
        stack.push((path, above.union(&node.plain).copied().collect()));
    }
}
