//! Order among things that need each other, and the cycles that make one impossible. Iterative: the
//! length of a chain is the user's to choose, the size of the stack is not.

/// Numbers `0..needs.len()` so that each comes after what it needs, and every cycle found, as the
/// numbers on it in the order of need.
pub(super) fn order(needs: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::Never; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    let mut cycles = Vec::new();
    for root in 0..needs.len() {
        if seen[root] != Seen::Never {
            continue;
        }
        seen[root] = Seen::OnPath;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(&need) = needs[*node].get(*next) else {
                seen[*node] = Seen::Done;
                order.push(*node);
                path.pop();
                continue;
            };
            *next += 1;
            match seen.get(need) {
                Some(Seen::Never) => {
                    seen[need] = Seen::OnPath;
                    path.push((need, 0));
                }
                Some(Seen::OnPath) => {
                    let cycle = path.iter().map(|(node, _)| *node).skip_while(|&node| node != need);
                    cycles.push(cycle.collect());
                }
                Some(Seen::Done) | None => {}
            }
        }
    }
    (order, cycles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_come_first() {
        let (order, cycles) = order(&[vec![1, 2], vec![2], vec![], vec![0]]);
        assert_eq!(order, [2, 1, 0, 3]);
        assert!(cycles.is_empty());
    }

    #[test]
    fn cycles_are_found_once() {
        assert_eq!(order(&[vec![0]]).1, [[0]]);
        assert_eq!(order(&[vec![1], vec![2], vec![1]]).1, [[1, 2]]);
        assert_eq!(order(&[vec![1], vec![0], vec![3], vec![2]]).1, [[0, 1], [2, 3]]);
    }

    #[test]
    fn long_chains_need_no_stack() {
        let chain: Vec<Vec<usize>> = (0..200_000).map(|node| vec![node + 1]).collect();
        assert_eq!(order(&chain).0.len(), chain.len());
    }
}
