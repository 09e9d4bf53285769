// Makes schema.ts of the schema and operations.ts of the examples, as a partner's project does.
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import * as typescript from "@graphql-codegen/typescript";
import { buildSchema, isScalarType, isSpecifiedScalarType, parse } from "graphql";

const text = readFileSync("schema.graphql", "utf8");
const schemaAst = buildSchema(text);
const ours = Object.values(schemaAst.getTypeMap()).filter((type) => isScalarType(type) && !isSpecifiedScalarType(type));
const document = parse(readFileSync("examples.graphql", "utf8"));
const config = {
  strictScalars: true,
  // Decimals and instants travel as strings; nothing in the schema is `any`.
  scalars: Object.fromEntries(ours.map((type) => [type.name, "string"])),
  enumsAsTypes: true,
  immutableTypes: true,
};

async function write(filename, name, plugin) {
  const made = await codegen({
    schema: parse(text),
    schemaAst,
    documents: [{ location: "examples.graphql", document }],
    filename,
    config,
    plugins: [{ [name]: {} }],
    pluginMap: { [name]: plugin },
  });
  writeFileSync(filename, made);
}

await write("schema.ts", "typescript", typescript);
await write("operations.ts", "operations", operations);
