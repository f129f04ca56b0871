//! Memory of this process as the system counts it. Only Linux says; elsewhere there are no figures rather than guesses.

/// A megabyte as memory is counted here.
const MB: f64 = 1_048_576.0;

/// Starts counting the highest use anew. Where the system refuses, later figures cover the whole process so far.
pub fn forget_peak() {
    // Five means: reset the peak resident set size (proc_pid_clear_refs(5)).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The highest resident size since the start or [`forget_peak`], in MB.
pub fn peak() -> Option<f64> {
    status("VmHWM:").map(|bytes| bytes / MB)
}

/// The resident size, in bytes.
pub fn resident() -> Option<f64> {
    status("VmRSS:")
}

fn status(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}
