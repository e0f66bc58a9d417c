// What PostGraphile is told beyond the database: each relation by its single-column key (as our statements join them; the
// database's own keys carry the tenant as well), the type that would collide with the root Subscription, and the orders.
export default {
  version: 1,
  config: {
    class: {
      subscriptions: {
        tags: {
          name: "plan_subscriptions",
          foreignKey: "(deployment_id) references cloud_deployments (id)|@fieldName deployment|@foreignFieldName subscription",
        },
      },
      subscription_addons: {
        tags: {
          foreignKey: "(subscription_id) references subscriptions (id)|@foreignFieldName addons|@behavior +list -connection",
        },
      },
      tenant_invoice_lines: {
        tags: {
          foreignKey: [
            "(invoice_id) references tenant_invoices (id)|@foreignFieldName lines",
            "(deployment_id) references cloud_deployments (id)|@fieldName deployment",
            "(subscription_addon_id) references subscription_addons (id)|@foreignFieldName invoiceLines",
          ],
        },
      },
    },
  },
};
