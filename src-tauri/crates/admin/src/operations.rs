/// The table of everything a person may do: `name(Request) -> Reply`.
///
/// The table is the API. Each door passes the name of its own macro and gets the whole list: the HTTP door makes a route
/// of every entry, the door by name makes the CLI's calls, the desktop's door makes commands. A new operation is one
/// line here and one function of the same name in this crate; no door can forget it.
///
/// The types are named as this crate exports them: a door says `use admin::*` or uses only the names.
#[macro_export]
macro_rules! operations {
    ($door:ident) => {
        $door! {
            overview(Nothing) -> Overview;
            list_channels(Nothing) -> Vec<ChannelLine>;
            add_channel(ChannelDraft) -> ChannelLine;
            set_channel_enabled(ChannelSwitch) -> ChannelLine;
            remove_channel(ChannelName) -> ChannelName;
            test_channel(ChannelName) -> TestReport;
            route_model(RouteQuestion) -> Explained;
            why(RequestName) -> Arc<Trace>;
            traces(Newest) -> Vec<Arc<Trace>>;
            schema(Nothing) -> Value;
        }
    };
}
