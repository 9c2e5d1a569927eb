//! Where a build runs: image, size, and whether it may start containers.

use serde::Serialize;

use crate::back::aws::place::Place;
use crate::ir::environment::Compute;
use crate::ir::job::Runner;
use crate::plan::step::PlannedKind;

/// The images of CodeBuild that have runtimes, docker and the command line of AWS
/// (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html>).
const IMAGE: &str = "aws/codebuild/standard:7.0";
const IMAGE_ARM: &str = "aws/codebuild/amazonlinux-aarch64-standard:3.0";

/// Where a build runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(in crate::back) struct Machine {
    /// The container.
    pub(in crate::back) image: String,
    /// `LINUX_CONTAINER` or `ARM_CONTAINER`.
    pub(in crate::back) kind: &'static str,
    /// `BUILD_GENERAL1_…`
    pub(in crate::back) compute: &'static str,
    /// Whether it has a docker daemon: only where containers are built or started.
    pub(in crate::back) privileged: bool,
}

/// The machine of a job.
pub(in crate::back) fn of_job(place: &Place<'_>) -> Machine {
    let job = &*place.job.job;
    let own = &place.plan.target.aws;
    let (mut arm, mut compute) = (false, None);
    if let Runner::Named(name) = &job.runner {
        arm = name.value == "linux-arm";
        compute = place.plan.pipeline.runners.iter().find(|r| r.name.value == name.value).and_then(|r| r.codebuild.as_ref());
    }
    let compute = compute.or(own.compute.as_ref());
    let usual = own.image.as_ref().map(|i| i.value.as_str());
    let image = match job.image.as_ref().and_then(|i| place.fixed(i)) {
        Some(image) => image,
        None if arm => IMAGE_ARM.to_owned(),
        None => usual.unwrap_or(IMAGE).to_owned(),
    };
    Machine {
        image,
        kind: if arm { "ARM_CONTAINER" } else { "LINUX_CONTAINER" },
        compute: match compute.map_or(Compute::Small, |c| c.value) {
            Compute::Small => "BUILD_GENERAL1_SMALL",
            Compute::Medium => "BUILD_GENERAL1_MEDIUM",
            Compute::Large => "BUILD_GENERAL1_LARGE",
            Compute::Xlarge => "BUILD_GENERAL1_XLARGE",
            Compute::Xxlarge => "BUILD_GENERAL1_2XLARGE",
        },
        privileged: job.docker.is_some()
            || !job.services.is_empty()
            || place.job.steps.iter().any(|s| {
                matches!(s.kind, PlannedKind::DockerBuild(_) | PlannedKind::RegistryLogin(_) | PlannedKind::ImagePromote { .. })
            }),
    }
}
