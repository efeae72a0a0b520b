"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#documentation",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false, // a key stays in the page, and goes with it
  tryItOutEnabled: true,
  validatorUrl: null, // nothing leaves for another origin
});
