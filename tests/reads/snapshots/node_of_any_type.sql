-- For tenant

-- node
WITH scope$ AS MATERIALIZED (
    SELECT set_config('app.tenant_id', $1, true)
)
SELECT coalesce((
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            'AbsorbedCorrection'::text AS "__typename"
        FROM "absorbed_corrections" t1$
        WHERE t1$."id" = $2::uuid
            AND t1$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t2$."id" AS "id",
            'Addon'::text AS "__typename"
        FROM "addons" t2$
        WHERE t2$."id" = $2::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t3$."id" AS "id",
            'AuditEntry'::text AS "__typename"
        FROM "audit_log" t3$
        WHERE t3$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t4$."id" AS "id",
            'BillingMonth'::text AS "__typename"
        FROM "billing_months" t4$
        WHERE t4$."id" = $2::uuid
            AND t4$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t5$."id" AS "id",
            'Charge'::text AS "__typename"
        FROM "charges" t5$
        WHERE t5$."id" = $2::uuid
            AND t5$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t6$."id" AS "id",
            'CloudInvoice'::text AS "__typename"
        FROM "cloud_invoices" t6$
        WHERE t6$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t7$."id" AS "id",
            'CloudInvoiceLine'::text AS "__typename"
        FROM "cloud_invoice_lines" t7$
        WHERE t7$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t8$."id" AS "id",
            'CloudResource'::text AS "__typename"
        FROM "cloud_resources" t8$
        WHERE t8$."id" = $2::uuid
            AND t8$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t9$."id" AS "id",
            'CreditNote'::text AS "__typename"
        FROM "credit_notes" t9$
        WHERE t9$."id" = $2::uuid
            AND t9$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t10$."id" AS "id",
            'CreditNoteLine'::text AS "__typename"
        FROM "credit_note_lines" t10$
        WHERE t10$."id" = $2::uuid
            AND t10$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t11$."id" AS "id",
            'Deployment'::text AS "__typename",
            t11$."slug" AS "slug"
        FROM "cloud_deployments" t11$
        WHERE t11$."id" = $2::uuid
            AND t11$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t12$."id" AS "id",
            'DeploymentEvent'::text AS "__typename"
        FROM "cloud_deployment_events" t12$
        WHERE t12$."id" = $2::uuid
            AND t12$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t13$."id" AS "id",
            'DunningFailure'::text AS "__typename"
        FROM "dunning_failures" t13$
        WHERE t13$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t14$."id" AS "id",
            'DunningHold'::text AS "__typename"
        FROM "dunning_holds" t14$
        WHERE t14$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t15$."id" AS "id",
            'DunningRun'::text AS "__typename"
        FROM "dunning_runs" t15$
        WHERE t15$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t16$."id" AS "id",
            'DunningStep'::text AS "__typename"
        FROM "dunning_steps" t16$
        WHERE t16$."id" = $2::uuid
            AND t16$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t17$."id" AS "id",
            'Event'::text AS "__typename"
        FROM "events" t17$
        WHERE t17$."id" = $2::uuid
            AND t17$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t18$."id" AS "id",
            'FinancePush'::text AS "__typename"
        FROM "finance_pushes" t18$
        WHERE t18$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t19$."id" AS "id",
            'FinanceReconciliation'::text AS "__typename"
        FROM "finance_reconciliations" t19$
        WHERE t19$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t20$."id" AS "id",
            'Invoice'::text AS "__typename",
            t20$."number" AS "number"
        FROM "tenant_invoices" t20$
        WHERE t20$."id" = $2::uuid
            AND t20$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t21$."id" AS "id",
            'InvoiceApplication'::text AS "__typename"
        FROM "invoice_applications" t21$
        WHERE t21$."id" = $2::uuid
            AND t21$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t22$."id" AS "id",
            'InvoiceLine'::text AS "__typename"
        FROM "tenant_invoice_lines" t22$
        WHERE t22$."id" = $2::uuid
            AND t22$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t23$."id" AS "id",
            'IssueOutcome'::text AS "__typename"
        FROM "issue_outcomes" t23$
        WHERE t23$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t24$."id" AS "id",
            'IssueRun'::text AS "__typename"
        FROM "issue_runs" t24$
        WHERE t24$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t25$."id" AS "id",
            'JournalEntry'::text AS "__typename"
        FROM "journal_entries" t25$
        WHERE t25$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t26$."id" AS "id",
            'JournalPosting'::text AS "__typename"
        FROM "journal_postings" t26$
        WHERE t26$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t27$."id" AS "id",
            'Payment'::text AS "__typename"
        FROM "payments" t27$
        WHERE t27$."id" = $2::uuid
            AND t27$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t28$."id" AS "id",
            'Plan'::text AS "__typename"
        FROM "plans" t28$
        WHERE t28$."id" = $2::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t29$."id" AS "id",
            'PlanSubscription'::text AS "__typename"
        FROM "subscriptions" t29$
        WHERE t29$."id" = $2::uuid
            AND t29$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t30$."id" AS "id",
            'PlanVersion'::text AS "__typename"
        FROM "plan_versions" t30$
        WHERE t30$."id" = $2::uuid
            AND NOT t30$."status" = $4::text
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t31$."id" AS "id",
            'ReceivableOutOfStep'::text AS "__typename"
        FROM "receivables_out_of_step" t31$
        WHERE t31$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t32$."id" AS "id",
            'Recovery'::text AS "__typename"
        FROM "recoveries" t32$
        WHERE t32$."id" = $2::uuid
            AND t32$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t33$."id" AS "id",
            'Refund'::text AS "__typename"
        FROM "refunds" t33$
        WHERE t33$."id" = $2::uuid
            AND t33$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t34$."id" AS "id",
            'RollupFailure'::text AS "__typename"
        FROM "rollup_failures" t34$
        WHERE t34$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t35$."id" AS "id",
            'RollupOutcome'::text AS "__typename"
        FROM "rollup_outcomes" t35$
        WHERE t35$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t36$."id" AS "id",
            'RollupRun'::text AS "__typename"
        FROM "rollup_runs" t36$
        WHERE t36$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t37$."id" AS "id",
            'RollupWarning'::text AS "__typename"
        FROM "rollup_warnings" t37$
        WHERE t37$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t38$."id" AS "id",
            'SubscriptionAddon'::text AS "__typename"
        FROM "subscription_addons" t38$
        WHERE t38$."id" = $2::uuid
            AND t38$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t39$."id" AS "id",
            'TaxExemption'::text AS "__typename"
        FROM "tenant_tax_exemptions" t39$
        WHERE t39$."id" = $2::uuid
            AND t39$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t40$."id" AS "id",
            'TaxRate'::text AS "__typename"
        FROM "tax_rates" t40$
        WHERE t40$."id" = $2::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t41$."id" AS "id",
            'Tenant'::text AS "__typename"
        FROM "tenants" t41$
        WHERE t41$."id" = $2::uuid
            AND t41$."id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t42$."id" AS "id",
            'UnpricedUsage'::text AS "__typename"
        FROM "rollup_unpriced_usage" t42$
        WHERE t42$."id" = $2::uuid
            AND false
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t43$."id" AS "id",
            'UsageCorrection'::text AS "__typename"
        FROM "usage_corrections" t43$
        WHERE t43$."id" = $2::uuid
            AND t43$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t44$."id" AS "id",
            'WebhookDelivery'::text AS "__typename"
        FROM "webhook_deliveries" t44$
        WHERE t44$."id" = $2::uuid
            AND t44$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t45$."id" AS "id",
            'WebhookEndpoint'::text AS "__typename"
        FROM "webhook_endpoints" t45$
        WHERE t45$."id" = $2::uuid
            AND t45$."tenant_id" = $3::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t46$."id" AS "id",
            'WriteOff'::text AS "__typename"
        FROM "write_offs" t46$
        WHERE t46$."id" = $2::uuid
            AND t46$."tenant_id" = $3::uuid
    ) o$
))
FROM scope$;
-- $1: 019d4500-0006-7000-8000-000000000001
-- $2: 019d4500-0007-7000-8000-000000000065
-- $3: 019d4500-0006-7000-8000-000000000001
-- $4: DRAFT

-- For platform

-- node
SELECT coalesce((
    SELECT row_to_json(o$)
    FROM (
        SELECT t1$."id" AS "id",
            'AbsorbedCorrection'::text AS "__typename"
        FROM "absorbed_corrections" t1$
        WHERE t1$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t2$."id" AS "id",
            'Addon'::text AS "__typename"
        FROM "addons" t2$
        WHERE t2$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t3$."id" AS "id",
            'AuditEntry'::text AS "__typename"
        FROM "audit_log" t3$
        WHERE t3$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t4$."id" AS "id",
            'BillingMonth'::text AS "__typename"
        FROM "billing_months" t4$
        WHERE t4$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t5$."id" AS "id",
            'Charge'::text AS "__typename"
        FROM "charges" t5$
        WHERE t5$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t6$."id" AS "id",
            'CloudInvoice'::text AS "__typename"
        FROM "cloud_invoices" t6$
        WHERE t6$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t7$."id" AS "id",
            'CloudInvoiceLine'::text AS "__typename"
        FROM "cloud_invoice_lines" t7$
        WHERE t7$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t8$."id" AS "id",
            'CloudResource'::text AS "__typename"
        FROM "cloud_resources" t8$
        WHERE t8$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t9$."id" AS "id",
            'CreditNote'::text AS "__typename"
        FROM "credit_notes" t9$
        WHERE t9$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t10$."id" AS "id",
            'CreditNoteLine'::text AS "__typename"
        FROM "credit_note_lines" t10$
        WHERE t10$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t11$."id" AS "id",
            'Deployment'::text AS "__typename",
            t11$."slug" AS "slug"
        FROM "cloud_deployments" t11$
        WHERE t11$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t12$."id" AS "id",
            'DeploymentEvent'::text AS "__typename"
        FROM "cloud_deployment_events" t12$
        WHERE t12$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t13$."id" AS "id",
            'DunningFailure'::text AS "__typename"
        FROM "dunning_failures" t13$
        WHERE t13$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t14$."id" AS "id",
            'DunningHold'::text AS "__typename"
        FROM "dunning_holds" t14$
        WHERE t14$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t15$."id" AS "id",
            'DunningRun'::text AS "__typename"
        FROM "dunning_runs" t15$
        WHERE t15$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t16$."id" AS "id",
            'DunningStep'::text AS "__typename"
        FROM "dunning_steps" t16$
        WHERE t16$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t17$."id" AS "id",
            'Event'::text AS "__typename"
        FROM "events" t17$
        WHERE t17$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t18$."id" AS "id",
            'FinancePush'::text AS "__typename"
        FROM "finance_pushes" t18$
        WHERE t18$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t19$."id" AS "id",
            'FinanceReconciliation'::text AS "__typename"
        FROM "finance_reconciliations" t19$
        WHERE t19$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t20$."id" AS "id",
            'Invoice'::text AS "__typename",
            t20$."number" AS "number"
        FROM "tenant_invoices" t20$
        WHERE t20$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t21$."id" AS "id",
            'InvoiceApplication'::text AS "__typename"
        FROM "invoice_applications" t21$
        WHERE t21$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t22$."id" AS "id",
            'InvoiceLine'::text AS "__typename"
        FROM "tenant_invoice_lines" t22$
        WHERE t22$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t23$."id" AS "id",
            'IssueOutcome'::text AS "__typename"
        FROM "issue_outcomes" t23$
        WHERE t23$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t24$."id" AS "id",
            'IssueRun'::text AS "__typename"
        FROM "issue_runs" t24$
        WHERE t24$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t25$."id" AS "id",
            'JournalEntry'::text AS "__typename"
        FROM "journal_entries" t25$
        WHERE t25$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t26$."id" AS "id",
            'JournalPosting'::text AS "__typename"
        FROM "journal_postings" t26$
        WHERE t26$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t27$."id" AS "id",
            'Payment'::text AS "__typename"
        FROM "payments" t27$
        WHERE t27$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t28$."id" AS "id",
            'Plan'::text AS "__typename"
        FROM "plans" t28$
        WHERE t28$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t29$."id" AS "id",
            'PlanSubscription'::text AS "__typename"
        FROM "subscriptions" t29$
        WHERE t29$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t30$."id" AS "id",
            'PlanVersion'::text AS "__typename"
        FROM "plan_versions" t30$
        WHERE t30$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t31$."id" AS "id",
            'ReceivableOutOfStep'::text AS "__typename"
        FROM "receivables_out_of_step" t31$
        WHERE t31$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t32$."id" AS "id",
            'Recovery'::text AS "__typename"
        FROM "recoveries" t32$
        WHERE t32$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t33$."id" AS "id",
            'Refund'::text AS "__typename"
        FROM "refunds" t33$
        WHERE t33$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t34$."id" AS "id",
            'RollupFailure'::text AS "__typename"
        FROM "rollup_failures" t34$
        WHERE t34$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t35$."id" AS "id",
            'RollupOutcome'::text AS "__typename"
        FROM "rollup_outcomes" t35$
        WHERE t35$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t36$."id" AS "id",
            'RollupRun'::text AS "__typename"
        FROM "rollup_runs" t36$
        WHERE t36$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t37$."id" AS "id",
            'RollupWarning'::text AS "__typename"
        FROM "rollup_warnings" t37$
        WHERE t37$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t38$."id" AS "id",
            'SubscriptionAddon'::text AS "__typename"
        FROM "subscription_addons" t38$
        WHERE t38$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t39$."id" AS "id",
            'TaxExemption'::text AS "__typename"
        FROM "tenant_tax_exemptions" t39$
        WHERE t39$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t40$."id" AS "id",
            'TaxRate'::text AS "__typename"
        FROM "tax_rates" t40$
        WHERE t40$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t41$."id" AS "id",
            'Tenant'::text AS "__typename"
        FROM "tenants" t41$
        WHERE t41$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t42$."id" AS "id",
            'UnpricedUsage'::text AS "__typename"
        FROM "rollup_unpriced_usage" t42$
        WHERE t42$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t43$."id" AS "id",
            'UsageCorrection'::text AS "__typename"
        FROM "usage_corrections" t43$
        WHERE t43$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t44$."id" AS "id",
            'WebhookDelivery'::text AS "__typename"
        FROM "webhook_deliveries" t44$
        WHERE t44$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t45$."id" AS "id",
            'WebhookEndpoint'::text AS "__typename"
        FROM "webhook_endpoints" t45$
        WHERE t45$."id" = $1::uuid
    ) o$
), (
    SELECT row_to_json(o$)
    FROM (
        SELECT t46$."id" AS "id",
            'WriteOff'::text AS "__typename"
        FROM "write_offs" t46$
        WHERE t46$."id" = $1::uuid
    ) o$
));
-- $1: 019d4500-0007-7000-8000-000000000065
