// usage: java -cp 'jars/*' Acls.java < commands
// Does what kafka-acls.sh of the distribution would, whose jar has no place in Maven Central: each command is its
// arguments, one a line, ended by an empty line.
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.resource.*;

class Acls {
  static Admin admin;

  static void run(List<String> args) throws Exception {
    var operations = new ArrayList<String>();
    String servers = null, config = null, principal = null, name = null;
    ResourceType type = null;
    var pattern = PatternType.LITERAL;
    boolean add = false, remove = false;
    for (var i = args.iterator(); i.hasNext();) {
      var arg = i.next();
      switch (arg) {
        case "--add" -> add = true;
        case "--remove" -> remove = true;
        case "--bootstrap-server" -> servers = i.next();
        case "--command-config" -> config = i.next();
        case "--allow-principal" -> principal = i.next();
        case "--operation" -> operations.add(i.next());
        case "--topic", "--group", "--transactional-id" -> {
          type = ResourceType.fromString(arg.substring(2).replace('-', '_'));
          name = i.next();
        }
        case "--resource-pattern-type" -> pattern = PatternType.valueOf(i.next().toUpperCase());
        default -> throw new IllegalArgumentException(arg);
      }
    }
    if (admin == null) {
      var properties = new Properties();
      try (var in = Files.newInputStream(Path.of(config))) { properties.load(in); }
      properties.put("bootstrap.servers", servers);
      admin = Admin.create(properties);
    }
    for (var word : operations) {
      var operation = Arrays.stream(AclOperation.values())
          .filter(o -> o.name().replace("_", "").equalsIgnoreCase(word)).findFirst().orElseThrow();
      var binding = new AclBinding(new ResourcePattern(type, name, pattern),
          new AccessControlEntry(principal, "*", operation, AclPermissionType.ALLOW));
      if (add) admin.createAcls(List.of(binding)).all().get();
      if (remove && admin.deleteAcls(List.of(binding.toFilter())).all().get().isEmpty())
        throw new NoSuchElementException(binding.toString());
    }
  }

  public static void main(String[] none) throws Exception {
    var args = new ArrayList<String>();
    for (var line : new String(System.in.readAllBytes()).split("\n", -1)) {
      if (!line.isEmpty()) { args.add(line); continue; }
      if (!args.isEmpty()) run(args);
      args.clear();
    }
    admin.close();
  }
}
