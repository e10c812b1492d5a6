//! What the process forbids itself.

/// Keeps keys and prompts out of core dumps. Where the system has no such limit, it has no core dumps of ours either.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering a limit cannot fail for lack of rights; and a start must not depend on it.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
