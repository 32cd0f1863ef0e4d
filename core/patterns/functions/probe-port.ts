/** The port that a probe's command asks. */
const maxWords = 64
const maxLength = 1024

/** `grpc_health_probe -addr=:50051`, `curl http://localhost:8080/up`, `nc -z 127.0.0.1:9000`, `/dev/tcp/localhost/5432`. */
const address = /(?:^|[\s'"=@/])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?[A-Z_]+\}?)?:(\d{2,5})(?=$|[\s'"/?;|&)])/i
const device = /\/dev\/tcp\/[^\s/]+\/(\d{2,5})/
/** `redis-cli -p 6379`, `pg_isready --port=5432`, `mysqladmin -P 3306`. */
const option = /(?:^|\s)(?:-p|-P|--port)[\s=]?(\d{2,5})(?=$|[\s'";|&])/
/** `nc -z localhost 8080`. */
const netcat = /\b(?:nc|ncat|netcat|telnet)\b(?:\s+-\S+)*\s+(?:-w\s+\d+\s+)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\s+(\d{2,5})\b/

/** 0: it says none. */
export function portOfCommand (command: readonly string[]): number {
  const line = command.slice(0, maxWords).join(' ').slice(0, maxLength)
  const port = Number((address.exec(line) ?? device.exec(line) ?? option.exec(line) ?? netcat.exec(line))?.[1] ?? 0)
  return port <= 65_535 ? port : 0
}
