-- title: {ru: Кто и когда менял статус, kk: Мәртебені кім және қашан өзгертті, en: Who changed a status when}
-- answers: The latest changes of status that the source's own history tells, with who made them.
-- domain: operations
-- kind: table
-- unit: transitions
-- tables: [service_servicerequest, service_servicerequeststatus]
-- columns: [request_id, service, from_status, to_status, at, user_id]
-- parameters: {services: [], limit: 100}
SELECT request_id, service, from_status, to_status, at, user_id
FROM v_request_changes
WHERE (empty({services:Array(String)}) OR service IN {services:Array(String)})
ORDER BY at DESC, request_id
LIMIT {limit:UInt32}
