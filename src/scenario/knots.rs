//! Which points of a graph reach each other.

/// The strongly connected component of each point, given where its edges lead (Tarjan's algorithm, with a stack of its own). Components are
/// numbered so that edges between them lead from higher numbers to lower ones.
pub(super) fn knots(edges: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let n = edges.len();
    let (mut order, mut low, mut knot) = (vec![NEW; n], vec![0; n], vec![NEW; n]);
    let (mut open, mut count, mut found) = (Vec::new(), 0, 0);
    for root in 0..n {
        if order[root] != NEW {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((at, next)) = work.last_mut() {
            let at = *at;
            if order[at] == NEW {
                (order[at], low[at]) = (count, count);
                count += 1;
                open.push(at);
            }
            if let Some(to) = edges[at].get(*next).copied() {
                *next += 1;
                match () {
                    () if order[to] == NEW => work.push((to, 0)),
                    () if knot[to] == NEW => low[at] = low[at].min(order[to]),
                    () => {}
                }
                continue;
            }
            work.pop();
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
            if low[at] == order[at] {
                while let Some(top) = open.pop() {
                    knot[top] = found;
                    if top == at {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    knot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_reach_each_other_are_one_knot_and_what_they_lead_to_comes_first() {
        // 0 -> 1 <-> 2 -> 3, and 4 by itself.
        assert_eq!(knots(&[vec![1], vec![2], vec![1, 3], vec![], vec![4]]), [2, 1, 1, 0, 3]);
    }
}
