/** The shell: header, navigation, and the view that the address names. */

import { h, icon, iconButton, replace } from "./lib/dom.js";
import { LANGUAGES, language, setLanguage, t } from "./lib/i18n.js";
import { errorState, notice } from "./lib/notice.js";
import { current, follow, href, lastSearch } from "./lib/router.js";
import { applyTheme, nextTheme, theme } from "./lib/theme.js";
import * as search from "./views/search.js";

const VIEWS = {
  search: { icon: "search", load: async () => search },
  upload: { icon: "upload", load: () => import("./views/upload.js") },
  jobs: { icon: "jobs", load: () => import("./views/jobs.js") },
  saved: { icon: "saved", load: () => import("./views/saved.js") },
  status: { icon: "status", load: () => import("./views/status.js") },
};

const main = h("main", { id: "main", tabindex: "-1" });
let shown = { name: "", view: null, leaving: new AbortController() };

async function display({ view: name, params }) {
  if (!(name in VIEWS)) return location.replace(href("search"));
  const view = await VIEWS[name].load().catch(() => null);
  if (current().view !== name) return undefined; // gone elsewhere while it was loaded
  if (!view) return replace(main, errorState(new Error(t("error.offline")), () => location.reload()));
  if (name === shown.name && view.update) return view.update(params);
  shown.leaving.abort();
  const arrived = shown.name !== "";
  shown = { name, view, leaving: new AbortController() };
  replace(main);
  markCurrent(name);
  document.title = `${t(view.title)} · ${t("app.name")}`;
  view.render(main, params, shown.leaving.signal);
  if (arrived) { scrollTo(0, 0); main.focus({ preventScroll: true }); }
  return undefined;
}

function frame() {
  applyTheme();
  document.documentElement.lang = language();
  replace(document.body,
    h("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip")),
    h("header.top", {},
      h("a.brand", { href: href("search") }, h("img", { src: new URL("icon.svg", import.meta.url), alt: "", width: 28, height: 28 }), h("span", {}, t("app.name"))),
      h("nav", { "aria-label": t("nav.label") }, Object.entries(VIEWS).map(([name, view]) => link(name, view.icon))),
      h("div.switches", {}, languageSwitch(), themeSwitch())),
    main);
}

function link(name, picture) {
  const anchor = h("a", { href: href(name), dataset: { view: name } }, icon(picture), h("span", {}, t(`nav.${name}`)));
  if (name === "search") anchor.addEventListener("click", () => { anchor.href = href("search", shown.name === "search" ? {} : lastSearch()); });
  return anchor;
}

function markCurrent(name) {
  for (const anchor of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("header nav a"))) {
    if (anchor.dataset.view === name) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

function languageSwitch() {
  const [other] = Object.keys(LANGUAGES).filter((each) => each !== language());
  return h("button.quiet", {
    type: "button",
    lang: other,
    title: LANGUAGES[other],
    "aria-label": `${other.toUpperCase()}, ${LANGUAGES[other]}`,
    onclick: () => setLanguage(other).then(again, () => notice(t("error.offline"), { kind: "error" })),
  }, other.toUpperCase());
}

function themeSwitch() {
  const button = iconButton(theme() === "dark" ? "sun" : "moon", t("theme"), {
    onclick: () => { nextTheme(); button.replaceWith(themeSwitch()); focusOn(".switches button:last-child"); },
  });
  return button;
}

/** Everything anew, in the other language, where one was. */
function again() {
  shown.leaving.abort();
  shown = { name: "", view: null, leaving: new AbortController() };
  frame();
  display(current());
  focusOn(".switches button");
}

function focusOn(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
}

frame();
follow(display);
