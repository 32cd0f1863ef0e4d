/**
 * Environment variables that secrets were taken from leave the environment once they are read: threads and child processes do not
 * inherit them, and diagnostic reports (`node --report-…`) do not hold them. /proc/PID/environ keeps what a process was
 * started with, for its own user and root; files (`${file:}`, `token_file`, systemd's LoadCredential=) have no such place.
 */
export function forgetVariables (names: readonly string[]): void {
  for (const name of names) delete process.env[name]
  // From Node 22.13 on a report can leave the whole environment out.
  const report = process.report as { excludeEnv?: boolean } | undefined
  if (report?.excludeEnv !== undefined) report.excludeEnv = true
}
