#!/usr/bin/env bash
# The part of package.sh that an ordinary user does: runs one of the functions below.
#   person.sh FUNCTION [WORD…]
set -euo pipefail
cd "$HOME"
export SLUICE_KEY=sk-sluice-of-a-person SLUICE_HOME="$HOME/sluice"
gateway=http://127.0.0.1:7584
driver=http://127.0.0.1:4444
entry="$HOME/.config/autostart/sluice.desktop"

# Starts the application by the given command, asks once through it, and ends it. The provider is simulated on this
# machine: there is no other to be asked.
start_and_ask() {
    sluice sim --port 7701 >sim.log 2>&1 &
    local simulator=$!
    mkdir -p "$SLUICE_HOME"
    cat >"$SLUICE_HOME/config.toml" <<-'CONFIG'
	version = 1
	[[channel]]
	name = "Simulated"
	base_url = "http://127.0.0.1:7701/v1"
	protocols = ["chat"]
	key = { env = "SLUICE_KEY" }
	model = "m"
	CONFIG
    with_display "$@" >app.log 2>&1 &
    local session=$!
    wait_for 'the application to listen' curl -sf "$gateway/health" -o /dev/null
    curl -sSf "$gateway/v1/chat/completions" -H "authorization: Bearer $SLUICE_KEY" \
        -H 'content-type: application/json' -d '{"model":"m","messages":[{"role":"user","content":"hello"}]}'
    echo
    pkill -TERM -u person -x sluice-desktop
    wait "$session" || fail "the application ended with $?: $(cat app.log)"
    kill "$simulator"
    ! curl -s "$gateway/health" -o /dev/null || fail 'somebody still listens'
}

# Switches the start at login on, as a click in the window does.
start_at_login() {
    TAURI_WEBVIEW_AUTOMATION=true with_display WebKitWebDriver --port="${driver##*:}" >driver.log 2>&1 &
    local session=$! window
    wait_for 'the driver' curl -sf "$driver/status" -o /dev/null
    window="$(drive /session '{"capabilities":{"alwaysMatch":{"webkitgtk:browserOptions":
        {"binary":"/usr/bin/sluice-desktop","args":[]}}}}' | sed -n 's/.*"sessionId":"\([^"]*\)".*/\1/p')"
    drive "/session/$window/execute/async" '{"args":[],"script":"window.__TAURI_INTERNALS__
        .invoke(\"set_autostart\", {request: {enabled: true}}).then(arguments[0], arguments[0])"}' |
        grep '{"enabled":true}' || fail 'the window did not switch it on'
    curl -sSf -X DELETE "$driver/session/$window" -o /dev/null
    kill "$session"
    cat "$entry"
}

start_and_ask_at_login() { start_and_ask sh -c "$(sed -n 's/^Exec=//p' "$entry")"; }

# Runs a command with a display and a session bus.
with_display() { dbus-run-session -- xvfb-run -a "$@"; }

# Sends a command of WebDriver; its body may be written on several lines.
drive() { curl -sSf "$driver$1" -H 'content-type: application/json' -d "$(tr -d '\n' <<<"$2")"; }

wait_for() {
    local what="$1" times=300
    shift
    until "$@"; do
        times=$((times - 1))
        [ "$times" -gt 0 ] || fail "waited in vain for $what: $(cat "$HOME"/*.log)"
        sleep 0.2
    done
}

fail() { echo "package: $1" >&2; exit 1; }

"$@"
