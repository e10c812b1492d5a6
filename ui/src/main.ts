import { mount } from "svelte";
import App from "./App.svelte";
import { host, useHost } from "./host/host";
import { HttpHost } from "./host/http";
import { inDesktop, tauriHost } from "./host/tauri";
import { look } from "./state/look.svelte";
import "./styles/tokens.css";
import "./styles/base.css";

useHost(inDesktop() ? tauriHost : new HttpHost());

const target = document.getElementById("app");
if (!target) throw new Error("the page has no place for the window");

/** How long the first frame waits for the settings, in milliseconds. */
const patience = 400;

// The look is known before the first frame, so that nothing flashes; the system's is as good where it cannot be read.
const facts = host.desktop ? await host.desktop("desktop", {}).catch(() => null) : null;
look.begin(facts?.language ?? navigator.language);
const waited = new Promise<void>((done) => setTimeout(done, patience));
await Promise.race([look.read().catch(() => {}), waited]);
mount(App, { target, props: { first: facts?.first_run ?? false } });
