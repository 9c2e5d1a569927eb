//! `strategy:` of a job.
//!
//! GitHub adds an `include` to the cells that it agrees with; in a spec an `include` is always a cell more. So the cells are worked out here, as
//! GitHub does it, and written as axes where that says the same.

use std::collections::BTreeMap;

use crate::front::account::Account as _;
use crate::front::ledger::Fate;
use crate::front::name::Names;
use crate::front::node::{Build, node};
use crate::front::yaml::{Entry, Node};

use super::whole;
use super::work::Work;

/// Most cells that GitHub runs for one job.
const MAX_CELLS: usize = 256;

/// Values of a cell by path.
type Cell = BTreeMap<String, String>;

/// The `matrix` node. Its axes are entered into the scope of the job. `runner` is the path of the axis that names the runner.
pub(super) fn strategy(work: &mut Work<'_, '_>, entry: &Entry, runner: Option<&str>) -> Option<Build> {
    let Some(matrix) = work.open(&entry.value, "matrix") else {
        let why = Fate::Emulated("a job without cells has none to stop or to hold back".to_owned());
        entry.value.entries().iter().for_each(|e| work.mark(e, why.clone()));
        return None;
    };
    if work.scope.job.has_own_cells {
        return whole::cells(work, entry);
    }
    let made = if matrix.value.is_map() { cells(work, matrix) } else { None };
    let Some((axes, excluded, cells, simple)) = made else {
        work.scope.job.has_own_cells = true;
        work.lose(matrix, "the cells are worked out when the workflow runs; a spec names them");
        let text = matrix.value.text().unwrap_or("the cells of this job").to_owned();
        return Some(node("matrix").comments([format!("not carried: {text}")]));
    };
    let mut names = Names::default();
    let mut paths: Vec<String> = axes.iter().map(|(path, _)| path.clone()).collect();
    for path in cells.iter().flat_map(Cell::keys) {
        if !paths.contains(path) {
            paths.push(path.clone());
        }
    }
    for path in &paths {
        let name = names.unique(&path.replace('.', "-"));
        work.scope.job.axes.insert(path.clone(), name);
    }
    let mut labels = BTreeMap::new();
    if let Some(path) = runner {
        let axis = axes.iter().filter(|(p, _)| p == path).flat_map(|(_, values)| values.clone());
        for label in axis.chain(cells.iter().filter_map(|c| c.get(path).cloned())) {
            let name = work.declared.runner(&[&label]);
            labels.insert(label, name);
        }
    }
    let value = |path: &str, value: &str| match labels.get(value) {
        Some(ours) if runner == Some(path) => ours.clone(),
        _ => value.to_owned(),
    };
    let name = |work: &Work<'_, '_>, path: &str| work.scope.job.axes.get(path).cloned().unwrap_or_default();
    let mut build = node("matrix");
    if simple {
        for (path, values) in &axes {
            let mut values: Vec<String> = values.iter().map(|v| value(path, v)).collect();
            values.dedup();
            build.push(node("axis").arg(&name(work, path)).args(values));
        }
        for cell in &excluded {
            build.push(cell.iter().fold(node("exclude"), |n, (path, v)| n.prop(&name(work, path), &value(path, v))));
        }
    }
    for cell in &cells {
        build.push(cell.iter().fold(node("include"), |n, (path, v)| n.prop(&name(work, path), &value(path, v))));
    }
    if !simple && !axes.is_empty() {
        work.mark(matrix, Fate::Emulated("the cells are written out, since `include` adds to them".to_owned()));
    }
    if let Some(path) = runner {
        let axis = name(work, path);
        work.scope.job.runner_axis = Some((axis, labels));
    }
    if let Some(most) = work.open(&entry.value, "max-parallel") {
        match most.value.text().filter(|t| t.bytes().all(|b| b.is_ascii_digit())) {
            Some(count) => build.push(node("max-parallel").number(count)),
            None => work.lose(most, "a number is expected in a spec"),
        }
    }
    let fail_fast = work.open(&entry.value, "fail-fast");
    match fail_fast.map(|e| (e, e.value.truth())) {
        Some((_, Some(false))) => {}
        Some((e, None)) => {
            work.lose(e, "whether the first failure stops the others is fixed in a spec; every cell runs to its end")
        }
        None | Some((_, Some(true))) => build.push(node("fail-fast")),
    }
    Some(build)
}

/// Whether the cells of a matrix are written down.
pub(super) fn is_fixed(matrix: &Node) -> bool {
    let fixed = |e: &Entry| e.value.is_list() && e.value.items().iter().all(|i| flat("", i).is_some());
    matrix.is_map() && matrix.entries().iter().all(fixed)
}

type Made = (Vec<(String, Vec<String>)>, Vec<Cell>, Vec<Cell>, bool);

/// The axes, what is excluded, the further cells, and whether axes say it; otherwise the cells are all there are.
fn cells(work: &mut Work<'_, '_>, matrix: &Entry) -> Option<Made> {
    let mut axes: Vec<(String, Vec<Cell>)> = Vec::new();
    let (mut included, mut excluded) = (Vec::new(), Vec::new());
    for entry in matrix.value.entries() {
        entry.mark_all(work.ledger, &Fate::Exact);
        if !entry.value.is_list() {
            return None;
        }
        let list = entry.value.items().iter();
        match entry.key.as_str() {
            "include" => included = list.map(|i| flat("", i)).collect::<Option<Vec<_>>>()?,
            "exclude" => excluded = list.map(|i| flat("", i)).collect::<Option<Vec<_>>>()?,
            path => axes.push((path.to_owned(), list.map(|i| flat(path, i)).collect::<Option<Vec<_>>>()?)),
        }
    }
    let plain: Vec<(String, Vec<String>)> =
        axes.iter().map(|(path, values)| (path.clone(), values.iter().filter_map(|v| v.get(path).cloned()).collect())).collect();
    let is_plain = axes.iter().zip(&plain).all(|((_, all), (_, own))| all.len() == own.len() && !own.is_empty());
    // What an `include` may not overwrite: the cells as the axes made them.
    let mut made: Vec<(Cell, Cell)> = if axes.is_empty() { Vec::new() } else { vec![(Cell::new(), Cell::new())] };
    for (_, values) in &axes {
        made = made.iter().flat_map(|(cell, _)| values.iter().map(move |v| joined(cell, v))).map(|c| (c.clone(), c)).collect();
        if made.len() > MAX_CELLS * 4 {
            return None;
        }
    }
    made.retain(|(cell, _)| !excluded.iter().any(|e| e.iter().all(|(k, v)| cell.get(k) == Some(v))));
    let mut fresh = Vec::new();
    let mut merged = false;
    for include in included {
        let fits = |original: &Cell| include.iter().all(|(k, v)| original.get(k).is_none_or(|own| own == v));
        let mut hit = false;
        for (original, cell) in &mut made {
            if fits(original) {
                cell.extend(include.clone());
                hit = true;
            }
        }
        merged |= hit;
        if !hit {
            fresh.push(include);
        }
    }
    if is_plain && !merged {
        return Some((plain, excluded, fresh, true));
    }
    let all = made.into_iter().map(|(_, cell)| cell).chain(fresh).collect();
    Some((plain, Vec::new(), all, false))
}

fn joined(a: &Cell, b: &Cell) -> Cell {
    a.iter().chain(b).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The values of a cell or an item; `None` where a list or an expression is among them.
fn flat(path: &str, value: &Node) -> Option<Cell> {
    let mut found = Cell::new();
    if let Some(text) = value.text() {
        if text.contains("${{") {
            return None;
        }
        found.insert(path.to_owned(), text.to_owned());
    } else if value.is_map() {
        for entry in value.entries() {
            let below = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            found.extend(flat(&below, &entry.value)?);
        }
    } else if value.is_null() {
        found.insert(path.to_owned(), String::new());
    } else {
        return None;
    }
    Some(found)
}
