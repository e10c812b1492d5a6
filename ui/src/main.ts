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

// The look is known before the first frame; where it cannot be read, the system's is as good.
const facts = host.desktop ? await host.desktop("desktop", {}).catch(() => null) : null;
look.begin(facts?.language ?? navigator.language);
await look.read().catch(() => {});
mount(App, { target, props: { first: facts?.first_run ?? false } });
