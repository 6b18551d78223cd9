//! How much a test of very many records does, and what it took.

/// The number in a variable of the environment, where a longer run sets one.
pub(crate) fn asked(variable: &str, otherwise: usize) -> usize {
    let many = std::env::var_os(variable).and_then(|many| many.into_string().ok());
    many.and_then(|many| many.parse().ok()).unwrap_or(otherwise)
}

/// The most memory that the process has had, where the system says so.
pub(crate) fn peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// By how much the peak grew since it was `before`.
///
/// The kernel adds up what its processors counted for themselves, so that a later peak may be the lower one by a little.
pub(crate) fn peak_grown(before: Option<u64>) -> Option<u64> {
    Some(peak_kilobytes()?.saturating_sub(before?))
}
