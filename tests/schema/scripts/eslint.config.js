// The rules of graphql-eslint that the schema keeps, and why some are set as they are.
import graphql from "@graphql-eslint/eslint-plugin";

// Parts of the object around them, the same for everybody who asks alike: nothing that a client could cache by an id.
const VALUES = [
  "AccountRef", // says so: not a Node, its id is no cache key
  "AppliedDiscount",
  "AuditChange",
  "Balance",
  "BalanceImpact",
  "ChargeExplanation",
  "Count",
  "DeprecatedUse",
  "ExplanationStep",
  "FieldChange",
  "GenericError",
  "Impact", // of one answer
  "InsufficientBalance",
  "Money",
  "NextCharge",
  "PageInfo",
  "Period",
  "PlanRef", // says so: not a Node, its id is no cache key
  "PriceSheetChange", // kept as a document
  "PlanAttribute", // of a plan, by its key
  "PriceSheetCounts",
  "PriceSheetDifference",
  "PriceSheetPlanCounts",
  "PriceImpact", // of one answer
  "PriceImpactLevel",
  "PriceImpactLine",
  "Prices",
  "RenewalLoss",
  "Setting", // of a tenant, by its key
  "SettingValue",
  "TenantImpact",
  "StorefrontPlan", // the offer around it has the id
  "StorefrontResource",
  "TenantRef", // the same
  "UpstreamPrices",
  "VendorAttribute", // of a subscription, by its name
  "OrderAttribute", // of a product, by its key
  "OrderAttributes",
  "OrderAttributeValue", // of an order, by its key
  "OrderAttributeValues",
  "Viewer",
  "Waterfall",
  "WaterfallLevel",
];

const RECOMMENDED = graphql.configs["flat/schema-recommended"].rules;
const [ERROR, NAMES] = RECOMMENDED["@graphql-eslint/naming-convention"];
const OBJECTS = "ObjectTypeDefinition,ObjectTypeExtension";

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "./schema.graphql" } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...RECOMMENDED,
      // A type of account is one in the field's own words.
      "@graphql-eslint/naming-convention": [
        ERROR,
        { ...NAMES, [OBJECTS]: { ...NAMES[OBJECTS], ignorePattern: "^AccountType$" } },
      ],
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          // Strawberry prints no descriptions of a directive's arguments: the directive's own says what they are.
          ignoredSelectors: ["DirectiveDefinition InputValueDefinition"],
        },
      ],
      "@graphql-eslint/strict-id-in-types": [
        "error",
        { exceptions: { types: VALUES, suffixes: ["Payload", "Connection", "Edge"] } },
      ],
      // Its field `resellers` stands in the interface Tenant, which a Reseller implements: the rule looks at one type at
      // a time and has no exceptions. The tests beside this hold all others to it.
      "@graphql-eslint/no-typename-prefix": "off",
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: true }],
      "@graphql-eslint/relay-connection-types": "error",
      "@graphql-eslint/relay-edge-types": [
        "error",
        {
          withEdgeSuffix: true,
          // Rows are nodes.
          shouldImplementNode: true,
          // Connections offer `nodes` beside `edges`, and what is bounded (a plan's periods, an order's charges) is a
          // list: pages of three rows help nobody.
          listTypeCanWrapOnlyEdgeType: false,
        },
      ],
      "@graphql-eslint/relay-page-info": "error",
      "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
      "@graphql-eslint/require-nullable-result-in-root": "error",
    },
  },
];
