//! Things in an order in which each stands behind what it needs.

/// The numbers of things whose needs are given, as numbers too: each behind all that it needs. Those of a circle, and what is behind one, are
/// left out.
pub fn behind_needs(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (at, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|need| dependents[*need].push(at));
    }
    let mut order: Vec<usize> = (0..needs.len()).filter(|at| waiting[*at] == 0).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for at in &dependents[done] {
            waiting[*at] -= 1;
            if waiting[*at] == 0 {
                order.push(*at);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::behind_needs;

    #[test]
    fn each_stands_behind_its_needs_and_circles_are_left_out() {
        assert_eq!(behind_needs(&[vec![1, 2], vec![2], vec![], vec![0, 0]]), [2, 1, 0, 3]);
        assert_eq!(behind_needs(&[vec![], vec![2], vec![1], vec![3], vec![1, 0]]), [0]);
    }

    #[test]
    fn a_long_chain_in_the_wrong_direction_is_walked_once() {
        let count = 100_000;
        let needs: Vec<Vec<usize>> = (0..count).map(|i| if i + 1 < count { vec![i + 1] } else { vec![] }).collect();
        assert!(behind_needs(&needs).into_iter().eq((0..count).rev()));
    }
}
