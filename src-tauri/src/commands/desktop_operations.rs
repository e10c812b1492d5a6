/// The table of what only the desktop can do: `name(Request) -> Reply`, in the form of `admin::operations!`.
///
/// `build.rs` reads this file as well, for the names of the permissions.
macro_rules! desktop_operations {
    ($door:ident) => {
        $door! {
            copy_client_key(ClientKeyName) -> Nothing;
            copy_snippet(SnippetChoice) -> Nothing;
            copy_text(Text) -> Nothing;
            autostart(Nothing) -> Autostart;
            set_autostart(Autostart) -> Autostart;
            open_folder(FolderChoice) -> Nothing;
            open_page(Page) -> Nothing;
            choose_file(Nothing) -> Option<ChosenFile>;
            save_text(NamedText) -> Option<ChosenFile>;
            desktop(Nothing) -> Desktop;
            finish_first_run(Nothing) -> Nothing;
            quit(Nothing) -> Nothing;
        }
    };
}
