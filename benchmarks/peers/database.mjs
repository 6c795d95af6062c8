// What the Node servers share: the pool, whose session a token is, and the shapes that rows get.
import { createHash } from "node:crypto";
import pg from "pg";

pg.types.setTypeParser(pg.types.builtins.INT8, Number);
// 2026-11-23 09:30:00+00, since the session's time zone is UTC.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11, 19)}Z`);

export const url = process.env.DATABASE_URL;
export const port = Number(process.env.PORT);
export const pool = new pg.Pool({ connectionString: url, max: Number(process.env.POOL_SIZE), idleTimeoutMillis: 0, options: "-c TimeZone=UTC" });

/** The rows of a statement that is prepared once for each connection, by its name. */
export async function rows(name, text, values) {
  return (await pool.query({ name, text, values })).rows;
}

export function tokenHash(authorization) {
  return authorization ? createHash("sha256").update(authorization.slice(7)).digest("hex") : null;
}

/** Whose session a token's hash is; null for a visitor. */
export async function viewerOf(hash) {
  if (hash === null) return null;
  const [session] = await rows(
    "session",
    "SELECT user_id FROM session WHERE token_hash = $1 AND expires_at > now()",
    [hash],
  );
  return session ? session.user_id : null;
}

export function globalId(kind, key) {
  return Buffer.from(`${kind}:${key}`).toString("base64url");
}

export function keyOf(id) {
  return Number(Buffer.from(id, "base64url").toString().split(":")[1]);
}

/** Points in short: 6.7k. */
export function compact(points) {
  if (points < 1000) return points.toLocaleString("en");
  const [unit, sign] = points < 1_000_000 ? [1000, "k"] : [1_000_000, "m"];
  if (points < 100 * unit) {
    const tenths = Math.floor((points + unit / 20) / (unit / 10));
    return `${Math.floor(tenths / 10)}.${tenths % 10}${sign}`;
  }
  return `${Math.floor((points + unit / 2) / unit)}${sign}`;
}

export const VALUES = { UP: 1, DOWN: -1, NONE: 0 };
export const voteName = (value) => (value === 1 ? "UP" : value === -1 ? "DOWN" : "NONE");
