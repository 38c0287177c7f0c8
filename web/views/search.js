import { h, replace } from "../lib/dom.js";
export const title = "nav.search";
export function render(container) { replace(container, h("h1", {}, "…")); }
