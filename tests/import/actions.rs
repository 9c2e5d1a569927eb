//! Actions of GitHub that other vendors can do: artifacts, outputs of steps, and the commands that stand for an action.

use std::path::Path;

use pipewright::base::diag::Severity;
use pipewright::base::source::SourceMap;
use pipewright::driver::{Options, compile};
use pipewright::front::{Imported, Vendor};
use pipewright::render::Renderer;

use super::{imported, job};

/// The file that a spec compiles to for a target, with some losses accepted; the first whose name ends so.
fn built(imported: &Imported, target: &str, accepted: &[&str], end: &str) -> String {
    let sources = SourceMap::new();
    let accepts = accepted.iter().map(|loss| format!("accept {target} {loss} reason=\"a test\"\n"));
    let spec = format!("{}{}", imported.spec("sample", "main", &[target]), accepts.collect::<String>());
    let id = sources.add("pipeline.kdl", spec);
    let renderer = Renderer::new();
    let options = Options { root: Path::new("."), spec: "pipeline.kdl", targets: &[], today: None, renderer: &renderer };
    let compiled = compile(&sources, id, &options).unwrap();
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| &d.message).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", imported.spec("sample", "main", &[target]));
    let file = compiled.outputs.iter().find(|o| o.path.ends_with(end));
    file.map(|o| o.text.clone()).unwrap_or_default()
}

#[test]
fn a_job_reads_the_outputs_that_it_writes_itself() {
    let inside = "    steps:
      - uses: actions/checkout@v4
      - id: v
        run: echo \"v=1\" >> \"$GITHUB_OUTPUT\"
      - if: steps.v.outputs.v == '1'
        env: {LEVEL: '${{ steps.v.outputs.v }}'}
        run: make
      - run: make ${{ steps.v.outputs.v }}";
    let (_, imported) = imported(Vendor::Github, &[("ci.yml", &job(inside))]);
    let read = "- UNIT_V=$(sed -n 's/^v=//p' \"$PIPEWRIGHT_OUTPUT\" | tail -n 1)";
    let gitlab = built(&imported, "gitlab", &[], ".gitlab-ci.yml");
    assert!(gitlab.contains(&format!("{read}\n    - |-\n      if [ \"$UNIT_V\" = 1 ]; then")), "{gitlab}");
    assert!(
        gitlab.contains(&format!("{read}\n    - make \"${{UNIT_V}}\""))
            || gitlab.contains(&format!("{read}\n    - make ${{UNIT_V}}")),
        "{gitlab}"
    );
}
