//! Order among things that need each other, and the cycles that make one impossible. Iterative: the
//! length of a chain is the user's to choose, the size of the stack is not.

use crate::diagnostic::MOST;

/// What comes of things that need each other.
pub(super) struct Order {
    /// Their numbers, so that each comes after what it needs.
    pub(super) sorted: Vec<usize>,
    /// Cycles, as the numbers on them in the order of need: the first [`MOST`], since there can be as many as things, each as long.
    pub(super) cycles: Vec<Vec<usize>>,
    /// Of each number, whether it is on any cycle found.
    pub(super) circular: Vec<bool>,
}

/// One on the path from a root.
struct Step {
    node: usize,
    /// Which of its needs is looked at next.
    next: usize,
    /// The earliest place of the path that a need leads back to, of it or of what came after it.
    back: usize,
}

/// Orders the numbers `0..needs.len()`.
pub(super) fn order(needs: &[Vec<usize>]) -> Order {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        /// At this place.
        OnPath(usize),
        Done,
    }
    let mut seen = vec![Seen::Never; needs.len()];
    let mut found = Order {
        sorted: Vec::with_capacity(needs.len()),
        cycles: Vec::new(),
        circular: vec![false; needs.len()],
    };
    for root in 0..needs.len() {
        if seen[root] != Seen::Never {
            continue;
        }
        seen[root] = Seen::OnPath(0);
        let mut path = vec![Step { node: root, next: 0, back: usize::MAX }];
        while let Some(step) = path.last_mut() {
            let Some(&need) = needs[step.node].get(step.next) else {
                let (node, back) = (step.node, step.back);
                seen[node] = Seen::Done;
                found.sorted.push(node);
                path.pop();
                found.circular[node] = back <= path.len();
                if let Some(above) = path.last_mut() {
                    above.back = above.back.min(back);
                }
                continue;
            };
            step.next += 1;
            match seen.get(need) {
                Some(Seen::Never) => {
                    seen[need] = Seen::OnPath(path.len());
                    path.push(Step { node: need, next: 0, back: usize::MAX });
                }
                Some(&Seen::OnPath(place)) => {
                    step.back = step.back.min(place);
                    if found.cycles.len() < MOST {
                        found.cycles.push(path[place..].iter().map(|step| step.node).collect());
                    }
                }
                Some(Seen::Done) | None => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_come_first() {
        let Order { sorted, cycles, circular } = order(&[vec![1, 2], vec![2], vec![], vec![0]]);
        assert_eq!(sorted, [2, 1, 0, 3]);
        assert!(cycles.is_empty() && circular == [false; 4]);
    }

    #[test]
    fn cycles_are_found_once() {
        assert_eq!(order(&[vec![0]]).cycles, [[0]]);
        assert_eq!(order(&[vec![1], vec![2], vec![1]]).cycles, [[1, 2]]);
        assert_eq!(order(&[vec![1], vec![0], vec![3], vec![2]]).cycles, [[0, 1], [2, 3]]);
    }

    #[test]
    fn long_chains_need_no_stack() {
        let chain: Vec<Vec<usize>> = (0..200_000).map(|node| vec![node + 1]).collect();
        assert_eq!(order(&chain).sorted.len(), chain.len());
    }

    #[test]
    fn who_is_on_a_cycle_is_known_beyond_the_cycles_that_are_kept() {
        assert_eq!(order(&[vec![1], vec![2], vec![1, 3], vec![]]).circular, [false, true, true, false]);
        let back: Vec<Vec<usize>> = (0..20_000).map(|node| vec![(node + 1) % 20_000, 0]).collect();
        let found = order(&back);
        assert_eq!((found.cycles.len(), found.circular.iter().all(|on| *on)), (MOST, true));
    }
}
