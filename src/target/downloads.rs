//! Where tools keep what they download: inside the project, where the vendors that keep nothing else find it.

/// Where a tool keeps its downloads, the variable that says so (`@` is the folder of the project), and the files whose change makes them stale.
pub struct Known {
    /// Its name in a spec.
    pub tool: &'static str,
    variable: Option<(&'static str, &'static str)>,
    /// Folders below the root.
    pub paths: &'static [&'static str],
    /// Files of its project.
    pub files: &'static [&'static str],
}

/// Every tool whose downloads are kept.
pub const KNOWN: &[Known] = &[
    Known { tool: "npm", variable: Some(("npm_config_cache", "@/.npm")), paths: &[".npm/"], files: &["package-lock.json"] },
    Known {
        tool: "yarn",
        variable: Some(("YARN_CACHE_FOLDER", "@/.yarn-cache")),
        paths: &[".yarn-cache/"],
        files: &["yarn.lock"],
    },
    Known {
        tool: "pnpm",
        variable: Some(("npm_config_store_dir", "@/.pnpm-store")),
        paths: &[".pnpm-store/"],
        files: &["pnpm-lock.yaml"],
    },
    Known {
        tool: "pip",
        variable: Some(("PIP_CACHE_DIR", "@/.cache/pip")),
        paths: &[".cache/pip/"],
        files: &["requirements.txt"],
    },
    Known {
        tool: "poetry",
        variable: Some(("POETRY_CACHE_DIR", "@/.cache/poetry")),
        paths: &[".cache/poetry/"],
        files: &["poetry.lock"],
    },
    Known { tool: "uv", variable: Some(("UV_CACHE_DIR", "@/.cache/uv")), paths: &[".cache/uv/"], files: &["uv.lock"] },
    Known {
        tool: "cargo",
        variable: Some(("CARGO_HOME", "@/.cargo-home")),
        paths: &[".cargo-home/registry/", "target/"],
        files: &["Cargo.lock"],
    },
    Known { tool: "go", variable: Some(("GOMODCACHE", "@/.go/mod")), paths: &[".go/mod/"], files: &["go.sum"] },
    Known {
        tool: "maven",
        variable: Some(("MAVEN_OPTS", "-Dmaven.repo.local=@/.m2/repository")),
        paths: &[".m2/repository/"],
        files: &["pom.xml"],
    },
    Known {
        tool: "gradle",
        variable: Some(("GRADLE_USER_HOME", "@/.gradle")),
        paths: &[".gradle/caches/", ".gradle/wrapper/"],
        files: &["gradle/wrapper/gradle-wrapper.properties"],
    },
    Known {
        tool: "bundler",
        variable: Some(("BUNDLE_PATH", "@/vendor/bundle")),
        paths: &["vendor/bundle/"],
        files: &["Gemfile.lock"],
    },
    Known {
        tool: "composer",
        variable: Some(("COMPOSER_CACHE_DIR", "@/.composer-cache")),
        paths: &[".composer-cache/"],
        files: &["composer.lock"],
    },
    Known {
        tool: "nuget",
        variable: Some(("NUGET_PACKAGES", "@/.nuget/packages")),
        paths: &[".nuget/packages/"],
        files: &["packages.lock.json"],
    },
];

impl Known {
    /// The variable that makes the tool work inside the project, whose folder the vendor calls `root`.
    pub fn variable(&self, root: &str) -> Option<(String, String)> {
        self.variable.map(|(name, value)| (name.to_owned(), value.replacen('@', root, 1)))
    }
}

/// The package manager of a language.
pub fn manager(language: &str) -> Option<&'static str> {
    Some(match language {
        "node" => "npm",
        "python" => "pip",
        "go" => "go",
        "rust" => "cargo",
        "java" => "maven",
        "ruby" => "bundler",
        "php" => "composer",
        "dotnet" => "nuget",
        _ => return None,
    })
}
