/** Light or dark: the system's preference until the user chooses. */

const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} */
export function getTheme() {
  const stored = localStorage.getItem("theme");
  if (stored === "light" || stored === "dark") return stored;
  return systemDark.matches ? "dark" : "light";
}

export function applyTheme() {
  document.documentElement.dataset.theme = getTheme();
}

export function toggleTheme() {
  localStorage.setItem("theme", getTheme() === "dark" ? "light" : "dark");
  applyTheme();
}

systemDark.addEventListener("change", applyTheme);
