/** Where an agent's management plane listens, and the secret that it asks for; null = none. */
export interface AgentAddress {
  /** gRPC target, `unix:/path` or `host:port`. */
  target: string;
  token: string | null;
}

/** What an agent is given its secret in, and driver attach that of its agents. */
export const controlTokenVariable = 'LIVEMIG_CONTROL_TOKEN';

/** The metadata that carries it, as HTTP's bearer tokens (RFC 6750). */
export const authorizationKey = 'authorization';
export const authorizationOf = (token: string): string => `Bearer ${token}`;

/** In one word, as a testbed keeps it: `host:port`, or `TOKEN@host:port`. */
export const formatAgentAddress = ({ target, token }: AgentAddress): string =>
  token === null ? target : `${token}@${target}`;

export const parseAgentAddress = (text: string): AgentAddress => {
  const parts = /^([^@:/]+)@(.+)$/.exec(text);
  return parts === null ? { target: text, token: null } : { target: parts[2]!, token: parts[1]! };
};
