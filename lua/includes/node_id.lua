-- The id of the node that runs this; where it has none there is no failover.
local function node_id()
  local id = redis.pcall('CLUSTER', 'MYID')
  return type(id) == 'string' and id or '-'
end
