/** Prints, as JSON, every name that the given JavaScript files declare: [{file, line, kind, name}]. */

const fs = require("node:fs");
const path = require("node:path");
const ts = require(path.resolve("node_modules/typescript"));

const names = [];

function report(file, source, node, kind) {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  names.push({ file, line: line + 1, kind, name: node.text });
}

function isFunction(node) {
  return Boolean(node) && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
}

/** Returns the kind of the declaration and the identifier or text that it declares, or null. */
function readDeclaration(node) {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return ["function", node.name];
  if (ts.isVariableDeclaration(node)) return [isFunction(node.initializer) ? "function" : "variable", node.name];
  if (ts.isParameter(node)) return ["parameter", node.name];
  if (ts.isBindingElement(node)) return ["variable", node.name];
  if (ts.isClassDeclaration(node)) return ["class", node.name];
  if (ts.isImportSpecifier(node)) return ["import", node.name];
  if (ts.isPropertyDeclaration(node) || ts.isShorthandPropertyAssignment(node)) return ["property", node.name];
  if (ts.isPropertyAssignment(node)) return [isFunction(node.initializer) ? "function" : "property", node.name];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken
    && ts.isPropertyAccessExpression(node.left)) return ["property", node.left.name];
  return null;
}

for (const file of process.argv.slice(2)) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const visit = (node) => {
    const [kind, name] = readDeclaration(node) ?? [];
    if (name && (ts.isIdentifier(name) || ts.isStringLiteral(name))) report(file, source, name, kind);
    ts.forEachChild(node, visit);
  };
  visit(source);
}
process.stdout.write(JSON.stringify(names));
