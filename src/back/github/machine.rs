//! Where a job runs: its runner, the cells of its matrix, its services.

use serde_json::{Map, Value, json};

use crate::ir::job::{Matrix, Runner, Service};
use crate::target::asset;

use super::context::Writer;
use super::step::pairs;
use super::view::{ServiceView, StrategyView};

impl Writer<'_, '_> {
    pub(super) fn runs_on(&mut self) -> Value {
        let job = self.job;
        match &job.job.runner {
            Runner::Label(text) => json!(self.value(text)),
            Runner::Axis(axis) => json!(format!("${{{{ matrix.{} }}}}", runner_key(&axis.value))),
            Runner::Named(name) => self.labels(&name.value),
        }
    }

    fn labels(&self, name: &str) -> Value {
        let own = self.plan.pipeline.runners.iter().find(|r| r.name.value == name).map(|r| &r.github);
        match own.map(Vec::as_slice) {
            Some([one]) => json!(one.value),
            Some(several) if !several.is_empty() => json!(several.iter().map(|l| l.value.as_str()).collect::<Vec<_>>()),
            _ => json!(hosted(name)),
        }
    }

    pub(super) fn strategy(&self, matrix: &Matrix) -> StrategyView {
        let axis_of_runner = match &self.job.job.runner {
            Runner::Axis(axis) => matrix.axes.iter().position(|a| a.value == axis.value),
            Runner::Named(_) | Runner::Label(_) => None,
        };
        let mut view = StrategyView {
            fail_fast: matrix.fail_fast.is_some(),
            max_parallel: matrix.max_parallel.as_ref().map(|m| m.value),
            axes: Vec::new(),
            include: Vec::new(),
        };
        if let ([axis], None) = (matrix.axes.as_slice(), axis_of_runner)
            && matrix.cells.iter().all(|c| c.iter().all(Option::is_some))
        {
            view.axes.push((axis.value.clone(), matrix.cells.iter().flatten().flatten().cloned().collect()));
            return view;
        }
        for cell in &matrix.cells {
            let mut row = Map::new();
            for (i, (axis, value)) in matrix.axes.iter().zip(cell).enumerate() {
                let Some(value) = value else { continue };
                row.insert(axis.value.clone(), json!(value));
                if axis_of_runner == Some(i) {
                    row.insert(runner_key(&axis.value), self.labels(value));
                }
            }
            view.include.push(row);
        }
        view
    }

    pub(super) fn service(&mut self, service: &Service) -> ServiceView {
        let in_container = self.job.job.image.is_some();
        let port = service.port.as_ref().map(|p| p.value);
        let options = service.ready.as_ref().map(|ready| {
            let command = ready.command.value.replace('"', "\\\"");
            format!(
                "--health-cmd \"{command}\" --health-interval {}s --health-timeout {}s --health-retries {}",
                ready.every.seconds, ready.timeout.seconds, ready.retries
            )
        });
        let image = self.value(&service.image);
        ServiceView {
            name: service.name.value.clone(),
            note: unpinned(&image),
            image,
            env: pairs(self, &service.env),
            ports: port.filter(|_| !in_container).map(|p| format!("{p}:{p}")).into_iter().collect(),
            options,
        }
    }
}

/// Tells zizmor that a tag is meant where the spec names one; a spec that wants a digest writes it.
pub(super) fn unpinned(image: &str) -> Option<&'static str> {
    (!image.contains("@sha256:")).then_some("zizmor: ignore[unpinned-images] the spec names this tag")
}

/// The label of a hosted runner.
pub(super) fn hosted(name: &str) -> String {
    let rows = asset::text("github/runners.tsv").unwrap_or_default();
    let known = rows.lines().filter_map(|l| l.split_once('\t')).find(|(runner, _)| *runner == name);
    known.map_or_else(|| name.to_owned(), |(_, label)| label.to_owned())
}

fn runner_key(axis: &str) -> String {
    format!("{axis}-runner")
}
