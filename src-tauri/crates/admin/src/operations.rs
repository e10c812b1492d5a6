/// The table of everything a person may do: `name(Request) -> Reply`.
///
/// The table is the API. Each door passes the name of its own macro and gets the whole list: the HTTP door makes a route
/// of every entry, the door by name makes the CLI's calls, the desktop's door makes commands, and the window's types are
/// written from it. A new operation is one line here and one function of the same name in this crate; no door can forget
/// it.
///
/// The types are named as this crate exports them: a door says `use admin::*` or uses only the names.
#[macro_export]
macro_rules! operations {
    ($door:ident) => {
        $door! {
            overview(Nothing) -> Overview;
            set_paused(PauseSwitch) -> Nothing;
            retry_listening(Nothing) -> Nothing;

            list_channels(Nothing) -> Vec<ChannelLine>;
            channel(ChannelName) -> ChannelDetail;
            save_channel(SaveChannel) -> ChannelDetail;
            duplicate_channel(ChannelName) -> ChannelLine;
            set_channel_enabled(ChannelSwitch) -> ChannelLine;
            move_channel(MoveChannel) -> Vec<ChannelLine>;
            remove_channel(ChannelName) -> Removed;
            undo(Undo) -> Nothing;
            test_channel(TestQuestion) -> TestReport;
            probe_channel(ChannelName) -> Nothing;
            fetch_models(TestQuestion) -> FetchedModels;
            presets(Nothing) -> Vec<PresetLine>;
            guess_key(KeyGuessQuestion) -> KeyGuess;

            list_proxies(Nothing) -> Vec<ProxyLine>;
            save_proxy(SaveProxy) -> ProxyLine;
            remove_proxy(ProxyName) -> Removed;
            test_proxy(ProxyQuestion) -> ProxyReport;

            models(Nothing) -> ModelsView;
            save_alias(SaveAlias) -> AliasLine;
            remove_alias(AliasName) -> Removed;
            route_model(RouteQuestion) -> Explained;

            traces(Newest) -> Vec<Arc<Trace>>;
            why(RequestName) -> Arc<Trace>;

            client_keys(Nothing) -> Vec<ClientKeyLine>;
            add_client_key(ClientKeyName) -> ClientKeyLine;
            set_client_key_enabled(ClientKeySwitch) -> ClientKeyLine;
            remove_client_key(ClientKeyName) -> Removed;
            snippets(Nothing) -> Vec<Snippet>;

            vault(Nothing) -> VaultState;
            unlock_vault(Nothing) -> VaultState;
            choose_vault(VaultChoice) -> VaultState;
            open_vault_file(Passphrase) -> VaultState;

            settings(Nothing) -> Settings;
            set_setting(SetSetting) -> Settings;
            effective(Nothing) -> Vec<EffectiveValue>;
            diagnostics(Nothing) -> Diagnostics;
            schema(Nothing) -> Schema;

            preview_import(ImportQuestion) -> ImportPreview;
            apply_import(ApplyImport) -> ImportReport;
        }
    };
}
