//! The `tidemill` program: everything is in the library.

fn main() -> std::process::ExitCode {
    tidemill::cli::main()
}
