/** The shell of the page: header, navigation, and the view that the address names. */

import { h, renderIcon, renderIconButton, replace } from "./lib/dom.js";
import { getLanguage, LANGUAGES, setLanguage, t } from "./lib/i18n.js";
import { renderError, showError } from "./lib/notice.js";
import { getLastSearch, getRoute, linkTo, onRoute } from "./lib/router.js";
import { applyTheme, getTheme, toggleTheme } from "./lib/theme.js";
import * as search from "./views/search.js";

const VIEWS = {
  search: { icon: "search", load: async () => search },
  upload: { icon: "upload", load: () => import("./views/upload.js") },
  jobs: { icon: "jobs", load: () => import("./views/jobs.js") },
  saved: { icon: "saved", load: () => import("./views/saved.js") },
  status: { icon: "status", load: () => import("./views/status.js") },
};

const main = h("main", { id: "main", tabindex: "-1" });
let shownView = "";
let controller = new AbortController(); // aborts when the view is left

async function showView({ view: name, params }) {
  if (!(name in VIEWS)) return location.replace(linkTo("search"));
  const view = await VIEWS[name].load().catch(() => null);
  if (getRoute().view !== name) return undefined; // the address changed while the view was loading
  if (!view) return replace(main, renderError(new Error(t("error.offline")), () => location.reload()));
  if (name === shownView && view.update) return view.update(params);
  controller.abort();
  controller = new AbortController();
  const isNavigation = shownView !== "";
  shownView = name;
  replace(main);
  markCurrent(name);
  document.title = `${t(view.title)} · ${t("app.name")}`;
  view.render(main, params, controller.signal);
  if (isNavigation) { scrollTo(0, 0); main.focus({ preventScroll: true }); }
  return undefined;
}

function renderFrame() {
  applyTheme();
  document.documentElement.lang = getLanguage();
  replace(document.body,
    h("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip")),
    h("header.top", {},
      h("a.brand", { href: linkTo("search") }, h("img", { src: new URL("icon.svg", import.meta.url), alt: "", width: 28, height: 28 }), h("span", t("app.name"))),
      h("nav", { "aria-label": t("nav.label") }, Object.entries(VIEWS).map(([name, view]) => renderNavLink(name, view.icon))),
      h("div.switches", renderLanguageSwitch(), renderThemeSwitch())),
    main);
}

function renderNavLink(name, iconName) {
  const anchor = h("a", { href: linkTo(name), dataset: { view: name } }, renderIcon(iconName), h("span", t(`nav.${name}`)));
  if (name === "search") anchor.addEventListener("click", () => { anchor.href = linkTo("search", shownView === "search" ? {} : getLastSearch()); });
  return anchor;
}

function markCurrent(name) {
  for (const anchor of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("header nav a"))) {
    if (anchor.dataset.view === name) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

function renderLanguageSwitch() {
  const [other] = Object.keys(LANGUAGES).filter((code) => code !== getLanguage());
  return h("button.quiet", {
    lang: other,
    title: LANGUAGES[other],
    "aria-label": `${other.toUpperCase()}, ${LANGUAGES[other]}`,
    onclick: () => setLanguage(other).then(rerender, () => showError(t("error.offline"))),
  }, other.toUpperCase());
}

function renderThemeSwitch() {
  const button = renderIconButton(getTheme() === "dark" ? "sun" : "moon", t("theme"), {
    onclick: () => { toggleTheme(); button.replaceWith(renderThemeSwitch()); focusOn(".switches button:last-child"); },
  });
  return button;
}

/** Renders everything again in the new language, in the same view. */
function rerender() {
  controller.abort();
  shownView = "";
  renderFrame();
  showView(getRoute());
  focusOn(".switches button");
}

function focusOn(selector) {
  /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus();
}

renderFrame();
onRoute(showView);
