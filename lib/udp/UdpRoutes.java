//SOURCES FewNotices.java UdpName.java UdpRoute.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The routes to all targets, which follow interfaces, addresses and names as they change. For one thread at a time. */
final class UdpRoutes {
    private static final long BETWEEN_REFRESHES = TimeUnit.MILLISECONDS.toNanos(50);
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long BETWEEN_LOOKS_AT_INTERFACES = TimeUnit.SECONDS.toNanos(2);

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final Consumer<String> notices;
    private final FewNotices moves = new FewNotices();
    private final Map<String, UdpName> names;

    private volatile List<UdpRoute> all;
    private long refreshAgain = System.nanoTime();
    private long interfacesAgain = refreshAgain + BETWEEN_LOOKS_AT_INTERFACES;

    /** Opens what can be opened now; what cannot is no failure, but for what {@link UdpBroadcaster#open} throws. */
    UdpRoutes(List<UdpTarget> targets, UdpSource source, Consumer<String> notices) throws IOException {
        this.targets = targets;
        this.source = source;
        this.notices = notices;
        names = targets.stream().filter(UdpTarget::isName).map(UdpTarget::host).distinct()
            .collect(Collectors.toMap(Function.identity(), UdpName::new));
        all = targets.stream().map(target -> new UdpRoute(target, source, notices)).toList();
        long patience = System.nanoTime() + TO_ANSWER;
        names.values().forEach(name -> name.await(patience));
        try {
            for (UdpTarget target : targets) {
                follow(target, true);
            }
            for (UdpRoute route : all) {
                route.open();
                if (route.target.isName() && names.get(route.target.host()).isNotFound()) {
                    route.say("trying again until it works", notices);
                }
            }
        } catch (IOException | RuntimeException failure) {
            close();
            throw failure;
        }
    }

    /** As they are now; may be called from any thread. */
    List<UdpRoute> all() {
        return all;
    }

    /** Finds out what no send would tell, and opens again what failed. Costs next to nothing if done lately. */
    void refresh() {
        long now = System.nanoTime();
        if (now - refreshAgain >= 0) {
            refresh(now);
        }
    }

    /** By itself, so that what comes seldom is not compiled again and again with what comes for each datagram. */
    private void refresh(long now) {
        boolean looksAtInterfaces = now - interfacesAgain >= 0;
        refreshAgain = now + BETWEEN_REFRESHES;
        interfacesAgain = looksAtInterfaces ? now + BETWEEN_LOOKS_AT_INTERFACES : interfacesAgain;
        for (UdpTarget target : targets) {
            if (target.isName() || looksAtInterfaces) {
                follow(target, false);
            }
        }
        for (UdpRoute route : all) {
            if (route.refresh(looksAtInterfaces) && route.target.isName()) {
                names.get(route.target.host()).doubt();
            }
        }
    }

    /** Gives a target's routes the addresses that it has now. The first time it is a mistake if there can be none. */
    private void follow(UdpTarget target, boolean first) {
        List<UdpRoute> had = all.stream().filter(route -> route.target == target).toList();
        try {
            List<InetSocketAddress> addresses = target.addresses(source, names);
            if (!target.isName()) {
                lead(target, had, addresses);
            } else if (had.stream().noneMatch(route -> addresses.contains(route.address()))) {
                lead(target, had, addresses.subList(0, 1));
            }
        } catch (IOException | IllegalArgumentException notNow) {
            if (first && !target.isName() && notNow instanceof IllegalArgumentException) {
                throw new IllegalArgumentException("target '" + target + "': " + notNow.getMessage(), notNow);
            }
            had.forEach(route -> route.fails(notNow));
        }
    }

    /** A route whose address is still among them keeps it. */
    private void lead(UdpTarget target, List<UdpRoute> had, List<InetSocketAddress> addresses) {
        Set<InetSocketAddress> before =
            had.stream().map(UdpRoute::address).filter(Objects::nonNull).collect(Collectors.toSet());
        List<UdpRoute> free = new ArrayList<>(had);
        free.removeIf(route -> addresses.contains(route.address()));
        List<UdpRoute> has = new ArrayList<>();
        for (InetSocketAddress address : addresses) {
            UdpRoute route = had.stream().filter(one -> address.equals(one.address())).findFirst()
                .orElseGet(() -> free.isEmpty() ? new UdpRoute(target, source, notices) : free.remove(0));
            route.goTo(address);
            has.add(route);
        }
        free.forEach(UdpRoute::close);
        all = targets.stream()
            .flatMap(one -> one == target ? has.stream() : all.stream().filter(route -> route.target == one)).toList();
        if (!before.isEmpty() && !before.equals(Set.copyOf(addresses))) {
            moves.say(target + ": goes to " + addresses.stream().map(address -> address.getAddress().getHostAddress())
                .collect(Collectors.joining(" ")) + " now", notices);
        }
    }

    void close() {
        names.values().forEach(UdpName::close);
        all.forEach(UdpRoute::close);
    }
}
