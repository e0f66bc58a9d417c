-- Calendar months, each named by its first day: what counts in which. SQL functions that PostgreSQL inlines, so that an
-- index on the day serves them.

-- The month that a day is in.
CREATE FUNCTION month_of(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_trunc('month', day::timestamp)::date
$$;
-- A day, such as a charge's, counts in its month.
CREATE FUNCTION is_in_month(day date, month date) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT day >= month AND day < (month + interval '1 month')::date
$$;
-- Days with both ends included, such as a subscription's, count in each month that has one of them. No last day: no end.
CREATE FUNCTION is_in_month(first_day date, last_day date, month date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT first_day < (month + interval '1 month')::date AND (last_day IS NULL OR last_day >= month)
$$;
-- The months from that of the first day to that of the last.
CREATE FUNCTION months_between(first_day date, last_day date) RETURNS SETOF date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 12 AS $$
    SELECT month::date FROM generate_series(month_of(first_day)::timestamp, last_day::timestamp, interval '1 month') AS month
$$;
