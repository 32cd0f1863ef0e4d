/** Guarantees: the port that a probe's command asks is found in the usual ways to write one, and numbers that are none are left alone. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { portOfCommand } from './probe-port.js'

for (const [command, port] of [
  ['/bin/grpc_health_probe -addr=:50051', 50051], ['grpc_health_probe -addr=localhost:8080 -connect-timeout=250ms', 8080], ['curl -fsS http://localhost:8080/up', 8080], ['wget -qO- http://127.0.0.1:3000/', 3000],
  ['wget -qO- "http://[::1]:3000/x"', 3000], ['redis-cli -p 6380 ping', 6380], ['redis-cli ping', 0], ['pg_isready -U u --port=5433', 5433], ['pg_isready -h localhost', 0], ['mysqladmin ping -P 3307', 3307], ['nc -z localhost 9000', 9000],
  ['nc -zv -w 2 127.0.0.1 9000', 9000], ['bash -c </dev/tcp/localhost/5432', 5432], ['curl http://$POD_IP:8081/up', 8081], ['cat /tmp/ready', 0], ['test 8080 -gt 1', 0], ['sleep 10', 0], ['grpc_health_probe -addr=:99999', 0], ['', 0]
] as const) {
  test(`${command} asks ${port}`, () => { assert.is(portOfCommand(command.split(' ')), port) })
}

test('a shell and its line', () => { assert.is(portOfCommand(['sh', '-c', 'curl -s localhost:8080 || exit 1']), 8080) })
test('a long command is read as far as it is short', () => { assert.is(portOfCommand([...Array<string>(5000).fill('x'), 'localhost:8080']), 0) })

test.run()
