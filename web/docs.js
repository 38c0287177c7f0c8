/** Shows the OpenAPI document with Swagger UI, which docs.html loads before this script. */

const { SwaggerUIBundle } = /** @type {any} */ (window);
const FORM = "multipart/form-data";
const dark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

/** Swagger UI takes some of the document in another way than it is meant, and the API would refuse what it sends. */
function adaptDocument(openapi) {
  for (const path of Object.values(openapi.paths)) {
    for (const operation of Object.values(path)) {
      leaveOutFormFields(operation);
      Object.values(operation.requestBody?.content ?? {}).forEach(fillForm);
    }
  }
  return openapi;
}

/** A field that may come in the form or in the query gets one input, not two: it may be sent only once. */
function leaveOutFormFields(operation) {
  const fields = Object.keys(operation.requestBody?.content[FORM]?.schema.properties ?? {});
  const parameters = operation.parameters ?? [];
  const rest = parameters.filter((parameter) => parameter.in !== "query" || !fields.includes(parameter.name));
  if (rest.length === parameters.length) return;
  operation.parameters = rest;
  operation.description += " Each field but the file may come in the query string instead.";
}

/** A form holds its example and nothing else, where Swagger UI would make up a value for every field. */
function fillForm({ schema, example = {} }) {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.format === "binary" || field.type === "array") continue;
    delete field.contentMediaType; // JSON as text is typed; Swagger UI would ask for a file
    delete field.examples;
    field.example = example[name] ?? "";
  }
}

function adaptRequest(request) {
  // a picture's path has slashes, which OpenAPI has no way to say of a path parameter
  request.url = request.url.replace(/\/api\/(v1\/images|dashboard)\/[^?]+/, (path) => path.replaceAll("%2F", "/"));
  // a field left empty is left out
  if (request.body instanceof FormData) {
    for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
  }
  return request;
}

applyTheme();
dark.addEventListener("change", applyTheme);

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#viewer",
  deepLinking: true, // the address names the operation that is open
  displayRequestDuration: true,
  validatorUrl: null, // the default sends the document's address to swagger.io
  requestInterceptor: adaptRequest,
  plugins: [
    { statePlugins: { spec: { wrapActions: { updateJsonSpec: (update) => (openapi) => update(adaptDocument(openapi)) } } } },
    { components: { ServersContainer: () => null } }, // the app is the only server: there is nothing to choose
  ],
});
