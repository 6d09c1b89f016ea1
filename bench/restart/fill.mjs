// Multiplies what two real runs have left in the database: every row of every service that is about them, with ids of its
// own. Sums are made anew from the rows, and the audit is written by governance itself, because a chain cannot be copied.
import { createRequire } from 'node:module';

// The bench is no workspace of its own: packages are found from a service that has them.
const fromGovernance = createRequire(new URL('../../apps/governance/package.json', import.meta.url));
const fromDatabase = createRequire(new URL('../../packages/database/package.json', import.meta.url));
const load = (name) => import(fromGovernance.resolve(name));

const schemas = ['tenancy', 'agent_runtime', 'hitl', 'learning'];
const copiesPerStatement = 250;
const eventsAtOnce = 2_000;
/** The last six characters of an id are random; those of the copies are the number of the copy. */
const ids = '((run|req|evt|cor)_[0-9a-z]{20})[0-9a-z]{6}';
const sums = [
  [
    'hitl',
    `update hitl.queue_totals t set open_count = (select count(*) from hitl.requests r
       where r.tenant_id = t.tenant_id and r.status in ('pending', 'assigned'))`,
  ],
  [
    'tenancy',
    `update tenancy.usage_counters c set kept = (select count(*) from tenancy.usage_places p
       where p.tenant_id = c.tenant_id and p.limit_name = c.limit_name and p.expires_at is null)`,
  ],
  [
    'tenancy',
    `update tenancy.usage_months m set count = l.count, input_tokens = l.input, output_tokens = l.output, cost_micro_usd = l.cost
     from (select tenant_id, kind, to_char(at at time zone 'UTC', 'YYYY-MM') as period, count(*) as count,
         sum(input_tokens) as input, sum(output_tokens) as output, sum(cost_micro_usd) as cost
       from tenancy.usage_ledger group by 1, 2, 3) l
     where m.tenant_id = l.tenant_id and m.kind = l.kind and m.period = l.period`,
  ],
];

/** Opens the database of a data directory whose process has ended, and of which there is one tenant. */
export async function openData(directory) {
  const [{ startEmbedded }, { default: pg }] = await Promise.all([
    load('@support101/database'),
    import(fromDatabase.resolve('pg')),
  ]);
  const embedded = await startEmbedded({ directory: `${directory}/postgres` });
  const client = new pg.Client({ connectionString: embedded.url });
  await client.connect();
  // Settings of a transaction only: all connections share one backend, and with it those of its session.
  const inTransaction = async (settings, text, values) => {
    await client.query(`begin; ${settings}`);
    const { rows } = await client.query(text, values);
    await client.query('commit');
    return rows;
  };
  const [{ tenantId }] = await inTransaction(
    'set local role tenancy_system',
    'select tenant_id as "tenantId" from tenancy.tenants',
  );
  return {
    url: embedded.url,
    tenantId,
    /** Asks as the service of that schema does for its one tenant: row-level security holds for every login. */
    rows: (schema, text, values) =>
      inTransaction(`set local role ${schema}_app; set local app.tenant_id = '${tenantId}'`, text, values),
    close: async () => {
      await client.end();
      await embedded.close();
    },
  };
}

/** Adds `copies` of a run; gives the rows that were added, by table. */
export async function multiply({ rows, url }, runId, copies) {
  const events = await eventsOf(rows, runId);
  const marks = [runId, ...new Set(events.flatMap((text) => [JSON.parse(text).id, ...(text.match(/req_[0-9a-z]{26}/g) ?? [])]))];
  const added = {};
  for (const schema of schemas) {
    for (const table of await tables(rows, schema)) {
      const count = await multiplyRows(rows, table, marks, copies);
      if (count > 0) added[`${schema}.${table.name}`] = count;
    }
  }
  added['governance.audit_entries'] = await recordCopies(url, events, copies);
  for (const [schema, statement] of sums) await rows(schema, statement);
  return added;
}

/** What all services said about the run, oldest first. */
async function eventsOf(rows, runId) {
  const found = [];
  for (const schema of schemas) {
    const text = `select envelope, recorded_at, published_at from ${schema}.outbox where envelope like $1 order by seq`;
    found.push(...(await rows(schema, text, [`%${runId}%`])));
  }
  if (found.length === 0) throw new Error(`nothing was told of ${runId}`);
  if (found.some((row) => row.published_at === null)) throw new Error('an event had not been published when the process ended');
  return found.toSorted((a, b) => a.recorded_at - b.recorded_at).map(({ envelope }) => envelope);
}

function tables(rows, schema) {
  return rows(
    schema,
    `select c.table_schema as schema, c.table_name as name, array_agg(quote_ident(c.column_name)::text) as columns
     from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = $1 and t.table_type = 'BASE TABLE'
       and coalesce(c.column_default, '') not like 'nextval%' and c.is_identity = 'NO' and c.is_generated = 'NEVER'
     group by 1, 2
     order by (select count(*) from pg_constraint k where k.contype = 'f' and k.conrelid = to_regclass(c.table_schema || '.' || c.table_name)), 2`,
    [schema],
  );
}

async function multiplyRows(rows, { schema, name, columns }, marks, copies) {
  const table = `${schema}.${name}`;
  const patterns = marks.map((mark) => `%${mark}%`);
  const found = await rows(schema, `select to_jsonb(t)::text as doc from ${table} t where to_jsonb(t)::text like any ($1)`, [
    patterns,
  ]);
  if (found.length === 0) return 0;
  const docs = found.map(({ doc }) => doc);
  let added = 0;
  for (let from = 1; from <= copies; from += copiesPerStatement) {
    const to = Math.min(copies, from + copiesPerStatement - 1);
    const [{ count }] = await rows(
      schema,
      `with added as (
         insert into ${table} (${columns.join(', ')})
         select ${columns.map((column) => `x.${column}`).join(', ')}
         from generate_series($2::int, $3::int) n cross join unnest($1::text[]) doc,
           lateral jsonb_populate_record(null::${table},
             regexp_replace(doc, '${ids}', '\\1' || lpad(to_hex(n), 6, '0'), 'g')::jsonb) x
         returning 1)
       select count(*)::int as count from added`,
      [docs, from, to],
    );
    added += count;
  }
  if (added !== copies * docs.length) throw new Error(`${table}: ${added} of ${copies * docs.length} rows were added`);
  return added;
}

/** Has governance record the copies of the events, as it would have when they happened. */
async function recordCopies(url, events, copies) {
  const [{ bootAlone }, { governanceService }] = await Promise.all([
    load('@support101/service-kit'),
    import(new URL('../../apps/governance/dist/app.module.js', import.meta.url)),
  ]);
  const lone = await bootAlone(governanceService, { database: { url, embedded: true } });
  const pattern = new RegExp(ids, 'g');
  const batch = [];
  const flush = async () => {
    const results = await lone.transport.publish(batch.splice(0));
    const failed = results.find(({ ok }) => !ok);
    if (failed !== undefined) throw failed.error;
  };
  for (let copy = 1; copy <= copies; copy += 1) {
    const suffix = copy.toString(16).padStart(6, '0');
    batch.push(...events.map((text) => JSON.parse(text.replaceAll(pattern, `$1${suffix}`))));
    if (batch.length >= eventsAtOnce) await flush();
  }
  await flush();
  await lone.close();
  return events.length * copies;
}
