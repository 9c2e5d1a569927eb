//! Names within a stack.

/// The logical id of the bucket that builds pass files by; the source of a pipeline comes by it, too.
pub(in crate::back) const BUCKET: &str = "Artifacts";

/// `ci-push` as a logical id: `CiPush`.
pub(in crate::back) fn logical(name: &str) -> String {
    let upper = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + chars.as_str())
    };
    name.split(|c: char| !c.is_ascii_alphanumeric()).map(upper).collect()
}

/// The name of a variable as the name of a parameter, which holds letters and digits only and is no resource's.
pub(in crate::back) fn parameter(name: &str) -> String {
    let own = logical(&name.to_ascii_lowercase());
    let resource = |n: &str| {
        ["Project", "Approvers", "Schedule", "Policy"].iter().any(|end| n.ends_with(end))
            || ["Pipeline", BUCKET].contains(&n)
            || n.starts_with("Tell")
    };
    match own {
        role if role.ends_with("Role") => role + "Arn",
        other if resource(&other) => other + "Value",
        other => other,
    }
}
