/* A room system's floor control on libre's BFCP: bfcp_client ADDRESS VERSION CONFID USER FLOOR.
 *
 * It prints its UDP port, then takes lines: the server's port, `hello`, `query`, `ask`, `release ID`, `goodbye`. Of each
 * message that comes it prints the primitive, and the state of the floor request in it. */

#include <re.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bfcp_conn *connection;
static struct sa server;
static uint8_t version;
static uint32_t confid;
static uint16_t user, floor_id;

static void print(const struct bfcp_msg *message)
{
	struct bfcp_attr *information = bfcp_msg_attr(message, BFCP_FLOOR_REQ_INFO);
	struct bfcp_attr *overall = NULL, *status = NULL;

	if (information)
		overall = bfcp_attr_subattr(information, BFCP_OVERALL_REQ_STATUS);
	if (overall)
		status = bfcp_attr_subattr(overall, BFCP_REQUEST_STATUS);
	printf("%s", bfcp_prim_name(message->prim));
	if (status)
		printf(" %s %u", bfcp_reqstatus_name(status->v.reqstatus.status), information->v.floorreqid);
	printf("\n");
	fflush(stdout);
}

static void received(const struct bfcp_msg *message, void *arg)
{
	(void)arg;
	if (message->prim == BFCP_FLOOR_REQUEST_STATUS)
		(void)bfcp_reply(connection, message, BFCP_FLOOR_REQ_STATUS_ACK, 0);
	if (message->prim == BFCP_FLOOR_STATUS)
		(void)bfcp_reply(connection, message, BFCP_FLOOR_STATUS_ACK, 0);
	print(message);
}

static void responded(int err, const struct bfcp_msg *message, void *arg)
{
	(void)arg;
	if (err || !message)
		printf("failed %d\n", err);
	else
		print(message);
	fflush(stdout);
}

static void request(enum bfcp_prim primitive, int type, uint16_t *number)
{
	if (number)
		(void)bfcp_request(connection, &server, version, primitive, confid, user, responded, NULL, 1,
				   type | BFCP_MANDATORY, 0, number);
	else
		(void)bfcp_request(connection, &server, version, primitive, confid, user, responded, NULL, 0);
}

static void obey(const char *line)
{
	uint16_t number = (uint16_t)atoi(line);

	if (number)
		(void)sa_set_str(&server, "127.0.0.1", number);
	else if (!strncmp(line, "hello", 5))
		request(BFCP_HELLO, 0, NULL);
	else if (!strncmp(line, "query", 5))
		request(BFCP_FLOOR_QUERY, BFCP_FLOOR_ID, &floor_id);
	else if (!strncmp(line, "ask", 3))
		request(BFCP_FLOOR_REQUEST, BFCP_FLOOR_ID, &floor_id);
	else if (!strncmp(line, "release ", 8)) {
		number = (uint16_t)atoi(line + 8);
		request(BFCP_FLOOR_RELEASE, BFCP_FLOOR_REQUEST_ID, &number);
	}
	else if (!strncmp(line, "goodbye", 7))
		request(BFCP_GOODBYE, 0, NULL);
}

static void commanded(int flags, void *arg)
{
	char lines[80], *line;
	ssize_t size = read(STDIN_FILENO, lines, sizeof(lines) - 1);

	(void)flags;
	(void)arg;
	if (size <= 0) {
		re_cancel();
		return;
	}
	lines[size] = 0;
	for (line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		obey(line);
}

int main(int argc, char **argv)
{
	struct sa local;

	if (argc != 6 || libre_init())
		return 2;
	version = (uint8_t)atoi(argv[2]);
	confid = (uint32_t)atoi(argv[3]);
	user = (uint16_t)atoi(argv[4]);
	floor_id = (uint16_t)atoi(argv[5]);
	if (sa_set_str(&local, argv[1], 0) || bfcp_listen(&connection, BFCP_UDP, &local, NULL, received, NULL) ||
	    udp_local_get(bfcp_sock(connection), &local))
		return 3;
	printf("%u\n", sa_port(&local));
	fflush(stdout);
	if (fd_listen(STDIN_FILENO, FD_READ, commanded, NULL))
		return 4;
	(void)re_main(NULL);
	fd_close(STDIN_FILENO);
	mem_deref(connection);
	libre_close();
	return 0;
}
