//! The jobs behind the buildspecs of a folder: what each does, whatever starts it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Pipeline;
use crate::ir::id::JobId;
use crate::verify::aws::build::Build;
use crate::verify::aws::evaluate::Known;
use crate::verify::aws::host::Host;
use crate::verify::aws::names;
use crate::verify::aws::services::services;
use crate::verify::aws::stack::Role;
use crate::verify::behaviour::{Bit, Found, Frame, Place, Standing, State, World};

/// Where the files of a run lie in the bucket.
const STORE: &str = "$ARTIFACTS/${RUN_ID##*:}/";

/// Variables that a run passes, or that are worked out from what it passes, and how those begin that a spec names.
const TOLD: &[&str] = &[
    "ARTIFACTS",
    "CODEBUILD_WEBHOOK_TRIGGER",
    "COMMIT_AUTHOR",
    "COMMIT_BRANCH",
    "COMMIT_MESSAGE",
    "COMMIT_REF",
    "COMMIT_SHORT",
    "COMMIT_TAG",
    "PR_NUMBER",
    "PR_SOURCE",
    "PR_TARGET",
    "PR_TITLE",
    "RUN_EVENT",
    "RUN_ID",
    "RUN_NUMBER",
];
const NAMED: &[&str] = &["INPUT_", "MATRIX_"];

/// The builds of a folder.
#[derive(Debug)]
pub(super) struct Jobs<'p> {
    pipeline: &'p Pipeline,
    /// One for each buildspec, in the order of the files; others may stand behind them.
    pub(super) found: Vec<Found>,
    builds: Vec<Build>,
    paths: BTreeMap<String, usize>,
    /// Where each runs, by its place.
    hosts: BTreeMap<usize, Host>,
}

/// A path of a file or text of a reader's folder, and its text.
pub(super) type File<'t> = (&'t str, &'t str);

/// A job that enters a run: one, or one for each cell of its matrix.
#[derive(Debug)]
pub(super) struct Task {
    /// Its place in [`Jobs::found`].
    pub(super) found: usize,
    /// Variables that it is passed, with `#{…}` in them where a pipeline puts something in.
    pub(super) passed: Vec<(String, String)>,
}

/// The path of a file below the root, as the files name one another: those on standby are written for their later place.
pub(super) fn own(path: &str) -> &str {
    path.strip_prefix("standby/").unwrap_or(path)
}

impl<'p> Jobs<'p> {
    /// Reads the buildspecs among files: those that stand in a folder of a workflow.
    ///
    /// # Errors
    /// What is not understood, with its file.
    pub(super) fn read(pipeline: &'p Pipeline, files: &[File<'_>]) -> Result<Self, String> {
        let mut jobs = Self { pipeline, found: Vec::new(), builds: Vec::new(), paths: BTreeMap::new(), hosts: BTreeMap::new() };
        for (path, text) in files.iter().filter(|(path, _)| own(path).matches('/').count() == 2) {
            let build = Build::read(text).map_err(|e| format!("{path}: {e}"))?;
            jobs.paths.insert(own(path).to_owned(), jobs.found.len());
            jobs.found.push(found(pipeline, path, &build));
            jobs.builds.push(build);
        }
        Ok(jobs)
    }

    /// The job behind a path.
    ///
    /// # Errors
    /// There is no such file.
    pub(super) fn place(&self, path: &str) -> Result<usize, String> {
        self.paths.get(own(path)).copied().ok_or_else(|| format!("there is no file `{path}`"))
    }

    /// The ids of secrets that a build names.
    pub(super) fn named(&self, at: usize) -> impl Iterator<Item = &str> {
        self.builds[at].secrets.values().map(String::as_str)
    }

    /// Gives a build the role that it runs in. `others` are ids that the role may read for its other builds.
    ///
    /// # Errors
    /// The role may not read what the build names.
    pub(super) fn in_role(&mut self, at: usize, role: &Role, others: &BTreeSet<String>) -> Result<(), String> {
        let build = &self.builds[at];
        if let Some(id) = build.secrets.values().find(|id| !role.reads(id)) {
            return Err(format!("`{}` names secret `{id}`, which its role may not read", self.found[at].id));
        }
        let may = |action: &str| role.actions.contains(action);
        if !may("s3:PutObject") {
            self.found[at].uploads.clear();
            self.found[at].outputs.clear();
        }
        if !may("s3:GetObject") {
            self.found[at].downloads.clear();
            self.found[at].reads.clear();
        }
        let own: BTreeSet<&str> = build.secrets.values().map(|id| id.split(':').next().unwrap_or(id)).collect();
        let more = role.secrets.iter().filter(|s| !own.contains(s.as_str()) && !others.contains(*s));
        let names = self.found[at].job.map(|j| names::secrets(self.pipeline, j)).unwrap_or_default();
        let more: Vec<String> = more.map(|id| names.get(id).cloned().unwrap_or_else(|| id.clone())).collect();
        self.found[at].secrets.extend(more);
        Ok(())
    }

    /// Gives a build what its run passes it, and its project. Of one that does not know its bucket or its run the files are forgotten.
    ///
    /// # Errors
    /// It reads a variable that nothing sets.
    pub(super) fn in_run(&mut self, task: &Task, given: &BTreeSet<String>) -> Result<(), String> {
        let build = &self.builds[task.found];
        let passed = |name: &str| task.passed.iter().any(|(n, _)| n == name);
        let knows = |name: &str| {
            build.assigned.contains(name) || build.variables.contains_key(name) || given.contains(name) || passed(name)
        };
        let told = |name: &&String| TOLD.contains(&name.as_str()) || NAMED.iter().any(|t| name.starts_with(t));
        if let Some(name) = build.reads.iter().filter(told).find(|name| !knows(name)) {
            return Err(format!("`{}` reads `${name}`, which nothing sets", self.found[task.found].id));
        }
        if !(knows("ARTIFACTS") && knows("RUN_ID")) {
            let found = &mut self.found[task.found];
            [&mut found.uploads, &mut found.downloads, &mut found.outputs, &mut found.reads]
                .into_iter()
                .for_each(BTreeSet::clear);
        }
        Ok(())
    }

    /// Gives a build the place where it runs, and its limit there.
    ///
    /// # Errors
    /// It runs somewhere else as well.
    pub(super) fn on(&mut self, at: usize, host: Host) -> Result<(), String> {
        let found = &mut self.found[at];
        match self.hosts.get(&at).filter(|known| **known != host) {
            Some(known) if known.image == host.image => {
                let (a, b) = (known.seconds, host.seconds);
                return Err(format!("`{}` is stopped here after {a} s, and there after {b} s", found.id));
            }
            Some(known) => {
                return Err(format!("`{}` runs here in {}, and there in {}", found.id, known.image, host.image));
            }
            None => {}
        }
        found.image = Some(vec![Bit::Text(host.image.clone())]);
        found.whole = Some(host.seconds);
        self.hosts.insert(at, host);
        Ok(())
    }

    /// Seconds that the spec gives a build, with all its attempts.
    pub(super) fn given(&self, at: usize) -> u64 {
        let job = self.found[at].job.map(|j| self.pipeline.job(j));
        job.map_or(0, |j| j.timeout.value.seconds * (1 + u64::from(j.retry.map_or(0, |r| r.value))))
    }

    /// Whether a build fetches the file that another one writes its outputs and images to.
    pub(super) fn hands_over(&self, from: usize, to: usize) -> bool {
        self.found[from].outputs.intersection(&self.found[to].reads).next().is_some()
    }

    /// Looks whether the tasks of a run are what the spec says: one for a job, or one for each cell of its matrix, with its values.
    ///
    /// # Errors
    /// One is missing, or is too much.
    pub(super) fn cells<'t>(&self, tasks: impl Iterator<Item = &'t Task>) -> Result<(), String> {
        let mut of_job: BTreeMap<usize, Vec<&Task>> = BTreeMap::new();
        for task in tasks {
            of_job.entry(task.found).or_default().push(task);
        }
        for (at, mut tasks) in of_job {
            let found = &self.found[at];
            let Some(job) = found.job.map(|j| self.pipeline.job(j)) else { continue };
            let fault = |is: usize, wanted: usize| Err(format!("`{}` is {is} builds and not {wanted}", found.id));
            let Some(matrix) = &job.matrix else {
                if tasks.len() != 1 {
                    return fault(tasks.len(), 1);
                }
                continue;
            };
            if tasks.len() != matrix.cells.len() {
                return fault(tasks.len(), matrix.cells.len());
            }
            for cell in &matrix.cells {
                let has = |task: &Task, axis: &str, value: &str| {
                    let name: String =
                        axis.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
                    task.passed.iter().any(|(n, v)| *n == format!("MATRIX_{name}") && v == value)
                };
                let of_cell = |task: &&Task| {
                    let mut values = matrix.axes.iter().zip(cell).filter_map(|(a, v)| Some((a, v.as_ref()?)));
                    values.all(|(axis, value)| has(task, &axis.value, value))
                };
                let Some(place) = tasks.iter().position(of_cell) else {
                    let shown: Vec<&str> = cell.iter().flatten().map(String::as_str).collect();
                    return Err(format!("`{}` has no build for {}", found.id, shown.join(", ")));
                };
                tasks.remove(place);
            }
        }
        Ok(())
    }

    /// What becomes of a build that is started.
    ///
    /// # Errors
    /// As [`Build::works`].
    pub(super) fn state(&self, at: usize, passed: &BTreeMap<String, Known>, world: &World) -> Result<State, String> {
        let found = &self.found[at];
        // An action of the vendor's own is no build: nothing in it decides.
        let build = self.builds.get(at);
        let works = build.map_or(Ok(Some(true)), |b| b.works(passed)).map_err(|e| format!("{}: {e}", found.place.file))?;
        if !works.unwrap_or(world.maybe) {
            return Ok(State::Absent);
        }
        if found.job.is_some() && found.job == world.skips {
            return Ok(State::Skipped);
        }
        Ok(match found.job.is_some_and(|j| world.fails.contains(&j)) {
            false => State::Passed,
            true if build.is_some_and(|b| b.forgiven) => State::Forgiven,
            true => State::Failed,
        })
    }

    /// Whether a line of a build runs; see [`Build::runs`].
    pub(super) fn runs(&self, at: usize, passed: &BTreeMap<String, Known>, frame: &Frame, standing: Standing) -> Option<bool> {
        self.builds.get(at)?.runs(passed, frame, standing)
    }

    /// Puts the states of tasks together: the cells of a job do the same.
    ///
    /// # Errors
    /// They do not.
    pub(super) fn together(&self, states: &[(usize, State)]) -> Result<Vec<State>, String> {
        let mut all = vec![State::Absent; self.found.len()];
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for (at, state) in states {
            if !seen.insert(*at) && all[*at] != *state {
                return Err(format!("the builds of `{}` do different things", self.found[*at].id));
            }
            all[*at] = *state;
        }
        Ok(all)
    }

    /// For each job the jobs that end before it starts, of tasks of which each has those before it: all cells of the one before all of the other.
    pub(super) fn before(&self, tasks: &[(usize, BTreeSet<usize>)]) -> Vec<BTreeSet<usize>> {
        let cells = |at: usize| tasks.iter().enumerate().filter(move |(_, (found, _))| *found == at).map(|(i, _)| i);
        let mut all = vec![BTreeSet::new(); self.found.len()];
        for (at, earlier) in all.iter_mut().enumerate() {
            let mut own = cells(at).map(|task| &tasks[task].1);
            let Some(first) = own.next() else { continue };
            let common: BTreeSet<usize> = own.fold(first.clone(), |common, next| common.intersection(next).copied().collect());
            let others: BTreeSet<usize> = common.iter().map(|task| tasks[*task].0).collect();
            earlier.extend(others.into_iter().filter(|other| cells(*other).all(|task| common.contains(&task))));
        }
        all
    }
}

fn found(pipeline: &Pipeline, path: &str, build: &Build) -> Found {
    let named = names::job(pipeline, path);
    let job: Option<JobId> = named.map(|(_, job)| job);
    let known = job.map(|j| names::secrets(pipeline, j)).unwrap_or_default();
    let secret = |id: &String| known.get(id).cloned().unwrap_or_else(|| id.clone());
    let file = |path: &String| path.strip_prefix(STORE).map_or_else(|| path.clone(), str::to_owned);
    let output = |file: &String| file.strip_prefix("outputs-").and_then(|f| f.strip_suffix(".env")).map(str::to_owned);
    let artifact = |file: &String| file.strip_suffix(".tar.gz").map(str::to_owned);
    let (stores, fetches): (Vec<String>, Vec<String>) =
        (build.stores.iter().map(file).collect(), build.fetches.iter().map(file).collect());
    // What the stores hold, every step of a build may read: `secrets` names it.
    let variable = |(name, value): (&String, &Known)| Some((name.clone(), vec![Bit::Text(value.clone()?)]));
    Found {
        place: Place { file: path.to_owned(), line: 1 },
        workflow: named.map(|(w, _)| pipeline.workflow(w).name.value.clone()),
        id: job.map_or_else(|| path.to_owned(), |j| pipeline.job(j).name.value.clone()),
        job,
        asks: Vec::new(),
        environment: None,
        interruptible: false,
        lock: None,
        forgiven: build.forgiven,
        secrets: build.secrets.values().map(secret).collect(),
        permissions: None,
        texts: build.texts.clone(),
        uploads: stores.iter().filter_map(artifact).collect(),
        downloads: fetches.iter().filter_map(artifact).collect(),
        outputs: stores.iter().filter_map(output).collect(),
        reads: fetches.iter().filter_map(output).collect(),
        acts: Some(build.acts.clone()),
        env: build.variables.iter().filter_map(variable).collect(),
        label: None,
        image: None,
        entrypoint: None,
        services: services(&build.texts),
        cells: None,
        timeout: build.limit,
        after_timeout: None,
        whole: None,
        retry: 0,
        identity: false,
    }
}
