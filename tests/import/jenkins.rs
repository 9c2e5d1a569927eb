//! Jenkins: declarative pipelines become workflows; code of Groovy is told with its place.

use pipewright::front::ledger::{Fate, Ledger};
use pipewright::front::{Imported, Vendor, place};

use super::imported;

fn read(text: &str) -> Imported {
    imported(Vendor::Jenkins, &[("Jenkinsfile", text)]).1
}

fn spec(text: &str) -> String {
    read(text).spec("sample", "main", &["github"])
}

fn lost(imported: &Imported) -> Vec<&str> {
    imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| k.path.as_str()).collect()
}

/// A pipeline with these lines in its one stage.
fn stage(inside: &str) -> String {
    format!("pipeline {{\n  agent any\n  stages {{\n    stage('Test') {{\n{inside}\n    }}\n  }}\n}}\n")
}

const WHOLE: &str = r#"#!groovy
/* The shop. */
pipeline {
    agent { docker { image 'node:22' } }
    options { retry(2); disableConcurrentBuilds(abortPrevious: true) }
    parameters {
        string(name: 'LEVEL', defaultValue: 'low', description: 'How much')
        booleanParam(name: 'DRY_RUN', defaultValue: true)
    }
    triggers { cron('H 3 * * 1-5') }
    environment {
        STAGE = "beta"
        NPM = credentials('npm-token')
        BOTH = "${STAGE}-${params.LEVEL}"
    }
    stages {
        stage('Unit tests') {
            steps {
                checkout scm
                sh """
                    npm test -- ${params.LEVEL} \
                      ${env.GIT_COMMIT}
                """
                dir('docs') { sh 'make $BUILD_NUMBER' }
                withCredentials([usernamePassword(credentialsId: 'nexus', usernameVariable: 'U', passwordVariable: 'P')]) {
                    sh 'curl -u "$U:$P" x'
                }
                stash name: 'dist', includes: 'dist/**'
            }
            post { failure { sh 'cat npm-debug.log' } }
        }
        stage('Lint') {
            when { not { branch 'release/*' } }
            steps { sh 'npm run lint' }
        }
        stage('Browsers') {
            parallel {
                stage('Firefox') {
                    agent { label 'big && linux' }
                    steps { unstash 'dist'; sh 'npm run firefox' }
                }
                stage('Chrome') {
                    agent any
                    when { anyOf { branch 'main'; changeRequest target: 'main' } }
                    steps { timeout(5) { sh 'npm run chrome' } }
                }
            }
        }
        stage('Deploy') {
            agent any
            input { message 'Deploy it?' }
            when { allOf { branch 'main'; expression { return !params.DRY_RUN && params.LEVEL == 'high' } } }
            steps { sh "./deploy.sh ${STAGE}" }
        }
    }
    post { cleanup { cleanWs() } }
}
"#;

#[test]
fn an_image_without_the_program_that_it_starts_with_is_said_so() {
    let file = |args: &str| {
        let agent = format!("agent {{ docker {{ image 'alpine/git:2.49.1'; args {args} }} }}");
        imported(
            Vendor::Jenkins,
            &[("Jenkinsfile", &format!("pipeline {{ {agent}\n stages {{ stage('A') {{ steps {{ sh 'git fsck' }} }} }} }}"))],
        )
        .1
    };
    for args in ["'--entrypoint='", "\"--entrypoint=''\"", "'--entrypoint=\"\"'"] {
        let spec = file(args).spec("sample", "main", &["gitlab"]);
        assert!(spec.contains("image \"alpine/git:2.49.1\"") && spec.contains("no-entrypoint"), "{args}: {spec}");
    }
    let other = file("'--entrypoint=sh -v /tmp:/tmp'");
    let lost = other.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).count();
    assert!(lost > 0 && !other.spec("sample", "main", &["gitlab"]).contains("no-entrypoint"));
}

#[test]
fn stages_that_share_a_folder_are_one_job_and_others_are_jobs() {
    let imported = read(WHOLE);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in [
        "// The shop.\nworkflow ci",
        "secret NEXUS_PSW NEXUS_USR NPM_TOKEN",
        "github self-hosted big linux",
        "schedule ci \"24 3 * * 1-5\"",
        "        pull-request\n",
        "input dry-run type=boolean default=#true",
        "concurrency per=branch cancel-running",
        "image node:22",
        "retry 1",
        "env BOTH=\"beta-${input.level}\"",
        "npm test -- ${input.level}",
        "${commit.sha}",
        "run dir=docs \"make ${run.number}\"",
        "env U=(secret)NEXUS_USR",
        "run when=failure \"cat npm-debug.log\"",
        "run name=Lint if=\"!(commit.branch matches 'release/*')\" \"npm run lint\"",
        "produces dist \"dist/\"",
        "consumes dist",
        "runner big-linux",
        "if \"commit.branch == 'main' || run.event == 'pull-request' && pr.target == 'main'\"",
        "run timeout=\"5m\" \"npm run chrome\"",
        "requires start-of-deploy",
        "if \"commit.branch == 'main' && !input.dry-run && input.level == 'high'\"",
        "run \"./deploy.sh ${STAGE}\"",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    // Jobs in stages, in their order.
    let order: Vec<usize> =
        ["stage build", "job firefox", "job chrome", "stage deploy"].iter().map(|s| spec.find(s).unwrap()).collect();
    assert!(order.is_sorted(), "{spec}");
    assert!(lost(&imported).is_empty(), "{:?}", lost(&imported));
}

#[test]
fn code_of_groovy_is_told_and_fails_in_its_place() {
    let inside = "      steps {\n        sh 'make'\n        script {\n          def x = readFile('a').trim()\n          if (x) { sh \"run ${x}\" } else { echo 'no' }\n        }\n        sh \"make ${helper(1)}\"\n      }\n      post { always { mail to: 'x@example.com', subject: 'a' } }";
    let text = format!("@Library('shared') _\ndef helper = {{ it + 1 }}\n{}", stage(inside));
    let (sources, imported) = imported(Vendor::Jenkins, &[("Jenkinsfile", &text)]);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in ["run make", "not imported: code of Jenkins, line 10'", "line 11'", "not imported: sh, line 13'"] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    // A message at the end holds nothing up.
    assert!(!spec.contains("mail") && spec.matches("exit 1").count() == 3, "{spec}");
    let lines: Vec<usize> =
        imported.ledger.keys().iter().filter(|k| matches!(k.fate(), Fate::Lost(_))).map(|k| place(&sources, k.span).1).collect();
    assert_eq!(lines, [1, 2, 10, 11, 13, 15, 15, 15], "{:#?}", imported.ledger);
}

#[test]
fn conditions_that_cannot_be_said_stop_the_build() {
    let imported = read(&stage("      when { expression { currentBuild.number % 2 == 1 } }\n      steps { sh 'make' }"));
    assert!(imported.spec("sample", "main", &["github"]).contains("currentBuild.number % 2 == 1"), "{imported:?}");
    assert!(lost(&imported).iter().any(|p| p.ends_with("when.expression")));
    let never = read(&stage("      when { expression { return false } }\n      steps { sh 'make' }"));
    assert!(never.is_empty() && never.stays[0].why.contains("no stage"));
}

#[test]
fn a_matrix_has_axes_and_jobs_behind_all_say_how_it_ended() {
    let text = "pipeline {\n  agent none\n  stages {\n    stage('All') {\n      matrix {\n        agent any\n        axes {\n          axis { name 'OS'; values 'a', 'b' }\n          axis { name 'NODE_VERSION'; values '20', '22' }\n        }\n        excludes { exclude { axis { name 'OS'; values 'a' }; axis { name 'NODE_VERSION'; values '20' } } }\n        stages { stage('Go') { steps { sh 'make' } } }\n      }\n    }\n    stage('More') { agent any; steps { sh 'more' } }\n  }\n  post { failure { echo 'broken' } aborted { echo 'x' } }\n}\n";
    let imported = read(text);
    let spec = imported.spec("sample", "main", &["github"]);
    for line in [
        "axis os a b",
        "axis node-version \"20\" \"22\"",
        "exclude os=a node-version=\"20\"",
        "env NODE_VERSION=\"${matrix.node-version}\"",
        "after all-2 more",
        "when failure",
    ] {
        assert!(spec.contains(line), "{line} is not in {spec}");
    }
    assert_eq!(lost(&imported), ["pipeline.post.aborted", "pipeline.post.aborted.echo"]);
}

#[test]
fn scripted_and_broken_files_stay_with_a_place() {
    let scripted = read("node {\n  stage 'x'\n  sh 'make'\n}\n");
    assert!(scripted.is_empty() && scripted.stays[0].why.contains("scripted"));
    for (text, line, words) in [
        ("pipeline {\n  stages {\n", 2, "not closed"),
        ("pipeline {\n  agent any }\n}\n", 3, "nothing is open"),
        ("pipeline {\n  stages { stage('x) { } }\n}\n", 2, "not closed on its line"),
        ("pipeline { /* x\n", 1, "comment is not closed"),
        (&format!("pipeline {}", "{ a ".repeat(200)), 1, "deep"),
    ] {
        let (sources, imported) =
            imported(Vendor::Jenkins, &[("Jenkinsfile", text), ("good.groovy", &stage("steps { sh 'make' }"))]);
        let [fault] = imported.faults.as_slice() else { panic!("{text}: {:?}", imported.faults) };
        assert!(fault.fatal && fault.message.contains(words), "{fault:?}");
        assert_eq!(place(&sources, fault.span).1, line, "{fault:?}");
        // A bad file never stops the others.
        assert!(imported.spec("sample", "main", &["github"]).contains("workflow good"));
    }
}

#[test]
fn every_key_is_in_the_account_once() {
    let imported = read(WHOLE);
    let tally = Ledger::tally(imported.ledger.keys());
    assert_eq!(tally.all(), imported.ledger.keys().len());
    let mut places: Vec<_> = imported.ledger.keys().iter().map(|k| (k.span, k.path.clone())).collect();
    places.dedup();
    assert_eq!(places.len(), tally.all());
    // Every statement of the text: a word that begins one stands in the account.
    for word in ["cron", "booleanParam", "withCredentials", "stash", "unstash", "input", "cleanWs", "usernameVariable"] {
        assert!(imported.ledger.keys().iter().any(|k| k.path.ends_with(word)), "{word}");
    }
}

#[test]
fn odd_text_is_no_crash() {
    for text in [
        "",
        "pipeline",
        "pipeline {}",
        "pipeline { agent }",
        "pipeline { stages { stage { steps { sh } } } }",
        "pipeline { stages { stage('ä') { steps { sh '''x\n\n  ä''' } } } }",
        "pipeline { environment { A = } stages { stage('x') { matrix {} } } }",
        "pipeline { agent { docker { } } options { timeout() } triggers { cron() } parameters { string() } }",
        "pipeline { stages { stage(\"${x}\") { when { } steps { echo \"\\${a} $ ${ [1, 2].collect { it } }\" } } } }",
        "x = [a: 1, b: [:]]\npipeline { agent any; stages { stage('x') { steps { dir() { } retry() { } lock { } } } } }",
        "${{ template }}",
    ] {
        let _ = spec(text);
    }
}
