/**
 * Hosts of their own for tests: namespaces of the network, each with an address of its own, on a switch that the server is at, too.
 * All of it is in namespaces of the test, and gone with it.
 */

import { findProgram, succeeds } from "../_programs.ts";

/** Where the server is. */
export const SERVER_ADDRESS = "10.77.0.1";

const SWITCH = [
  "mount -t tmpfs tmpfs /run",
  "ip link set lo up",
  "ip link add switch type bridge",
  `ip addr add ${SERVER_ADDRESS}/24 dev switch`,
  "ip link set switch up",
];

const addressOf = (index: number) => `10.77.0.${index + 2}`;

const hostCommands = (name: string, index: number) => [
  `ip netns add ${name}`,
  `ip link add ${name} type veth peer name eth0 netns ${name}`,
  `ip link set ${name} master switch up`,
  `ip -n ${name} addr add ${addressOf(index)}/24 dev eth0`,
  `ip -n ${name} link set eth0 up`,
  `ip -n ${name} link set lo up`,
];

const inNamespaces = (commands: readonly string[]) => ["-rnm", "sh", "-c", commands.join(" && ")] as const;

/** Whether tests have to be left out as this machine makes no such hosts. */
export async function lacksHosts(): Promise<boolean> {
  const isThere = findProgram("ip") && findProgram("nsenter");
  if (isThere && await succeeds("unshare", ...inNamespaces([...SWITCH, ...hostCommands("edge", 0)]))) return false;
  console.error("Without namespaces of the network (root, iproute2, util-linux) tests between hosts are left out");
  return true;
}

/** Some hosts, by their names. */
export class Hosts implements AsyncDisposable {
  readonly #names: readonly string[];
  readonly #holder: Deno.ChildProcess;

  private constructor(names: readonly string[], holder: Deno.ChildProcess) {
    this.#names = names;
    this.#holder = holder;
  }

  /** Makes them. */
  static async start(...names: readonly string[]): Promise<Hosts> {
    const commands = [...SWITCH, ...names.flatMap(hostCommands), "echo ready", "exec sleep 600"];
    const holder = new Deno.Command("unshare", { args: [...inNamespaces(commands)], stdin: "null", stdout: "piped" })
      .spawn();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    if (!value) throw new Error(`The hosts cannot be made: ${(await holder.status).code}`);
    return new Hosts(names, holder);
  }

  /** The address of one. */
  addressOf(name: string): string {
    return addressOf(this.#names.indexOf(name));
  }

  /** What begins the command of a program that runs on one; without a name, where the server is. */
  prefixOf(name?: string): readonly string[] {
    const enter = ["nsenter", "-t", `${this.#holder.pid}`, "-U", "-n", "-m", "--preserve-credentials"];
    return name ? [...enter, "ip", "netns", "exec", name] : enter;
  }

  /** Has the cable of one lie on the floor, or plugs it in again. */
  async plug(name: string, isIn: boolean): Promise<void> {
    const [command, ...args] = [...this.prefixOf(), "ip", "link", "set", name, isIn ? "up" : "down"];
    if (!await succeeds(command, ...args)) throw new Error(`The cable of ${name} cannot be plugged`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
  }
}
