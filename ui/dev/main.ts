/**
 * The window over invented answers, to look at every state of every page:
 * `/dev/?page=channels&state=empty&theme=dark&lang=zh-CN`. Not part of the product.
 */
import { mount } from "svelte";
import App from "../src/App.svelte";
import { useHost } from "../src/host/host";
import { look, type Theme } from "../src/state/look.svelte";
import type { Language } from "../src/words/words.svelte";
import "../src/styles/tokens.css";
import "../src/styles/base.css";
import { FixtureHost } from "./fixture";

const query = new URLSearchParams(location.search);
useHost(new FixtureHost(query.get("state") ?? "filled"));
const page = query.get("page");
if (page) history.replaceState(null, "", `${location.pathname}${location.search}#${page}`);

const target = document.getElementById("app");
if (!target) throw new Error("the page has no place for the window");
look.begin("en");
await look.read().catch(() => {});
look.setTheme((query.get("theme") as Theme | null) ?? "light");
look.setLanguage((query.get("lang") as Language | null) ?? "en");
mount(App, { target, props: { first: query.get("state")?.startsWith("first") ?? false } });
