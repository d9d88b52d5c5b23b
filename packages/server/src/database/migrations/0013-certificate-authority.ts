import { type Kysely, sql } from 'kysely';

/** The built-in certificate authority of `--tls auto`. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`
    create table certificate_authority (
      id smallint primary key default 1 check (id = 1),
      certificate text not null,
      sealed_private_key text not null,
      created_at timestamptz not null
    )`.execute(db);
}
