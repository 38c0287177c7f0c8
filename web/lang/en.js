/** English: the shell and the search. */

export default {
  "app.name": "Catalogue search",
  skip: "To the content",
  "nav.label": "Views",
  "nav.search": "Search",
  "nav.upload": "Add",
  "nav.jobs": "Jobs",
  "nav.saved": "Saved",
  "nav.status": "Status",
  theme: "Light or dark",
  close: "Close",
  cancel: "Cancel",
  go_on: "Continue",
  retry: "Try again",
  loading: "Loading…",
  "loading.slow": "Still at it. After a quiet time the app needs a moment to start.",
};
