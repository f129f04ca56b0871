//! Changing one parameter of a scenario's text.

/// Placeholder until merged.
pub fn set(_text: &str, change: &str) -> Result<String, String> {
    Err(format!("cannot change `{change}`"))
}
